"""`warren chat`: say something, and read the reply."""

import argparse
import getpass

from warren_cli import reports, terminal
from warren_cli.client import Client
from warren_cli.errors import Exit
from warren_cli.following import outcome, run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message", help="in quotes")
    parser.add_argument("--user", metavar="NAME", help="who says it (your name on this machine)")
    parser.add_argument("--engine", choices=("auto", "local"), help="who replies (auto)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> Exit:
    body = {"user_id": arguments.user or _user(), "message": arguments.message, "engine": arguments.engine}
    with Client.of(arguments) as client:
        job = run_job(client, arguments, lambda: client.submit("/v1/chat", body))
        if arguments.json:
            terminal.write_json(job)
        elif job["status"] == "completed":
            reports.show(job)
        return outcome(job)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "me"
