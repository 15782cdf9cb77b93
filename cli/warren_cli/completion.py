"""`warren completion`: a script for the shell, made from the parsers themselves."""

import argparse

import shtab

from warren_cli.parser import build

SHELLS = ("bash", "zsh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS)
    parser.epilog = (
        'In ~/.bashrc: eval "$(warren completion bash)"; in ~/.zshrc, after compinit: eval "$(warren completion zsh)"'
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    parser, commands = build()
    for command in commands:
        command.fill()
    print(shtab.complete(parser, arguments.shell))
