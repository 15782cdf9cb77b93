"""The commands and the options they share. What a command needs is imported when it is asked for, so help is quick."""

import argparse
import pkgutil
from typing import Any

from warren_cli.settings import CliSettings

SERVER_COMMANDS = {
    "analyze": ("ask a question about a table", "warren_cli.analyze:add_arguments"),
    "transcribe": ("write down what a recording says", "warren_cli.transcribe:add_arguments"),
    "chat": ("say something, and read the reply", "warren_cli.chat:add_arguments"),
    "texts": ("load files of texts, and find those that are alike", "warren_cli.texts:add_arguments"),
    "jobs": ("list, show, watch and cancel jobs", "warren_cli.jobs:add_arguments"),
}
OTHER_COMMANDS = {
    "completion": ("print a script that completes commands in your shell", "warren_cli.completion:add_arguments"),
    "topology": ("for operators: RabbitMQ's exchanges and queues", "warren.cli:add_topology"),
    "dead": ("for operators: jobs whose message was given up", "warren.cli:add_dead"),
    "migrate": ("for operators: bring the shared schema up to date", "warren.cli:add_migrate"),
}
"""Name → what it is for, and the function that adds its arguments and sets `run`."""

EPILOG = """\
exit codes: 0 done, 1 the job failed, 2 wrong usage, 3 the server cannot be reached or refuses, 130 interrupted.
environment: WARREN_URL, WARREN_API_KEY, NO_COLOR.
"""


class LateParser(argparse.ArgumentParser):
    """A command's parser, whose arguments are added (by the function called `source`) when it is first used."""

    def __init__(self, *args: Any, source: str = "", shared: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._source = source
        self._shared = shared

    def fill(self) -> None:
        source, self._source = self._source, ""
        if source:
            if self._shared:
                add_shared(self)
            pkgutil.resolve_name(source)(self)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.fill()
        return super().parse_known_args(args, namespace)


def build() -> tuple[argparse.ArgumentParser, list[LateParser]]:
    """The program's parser, and those of its commands."""
    parser = argparse.ArgumentParser(
        prog="warren",
        description="Ask Warren about tables, recordings and texts, and look after its jobs.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    settings = CliSettings.from_environment()
    parser.set_defaults(url=settings.url, key=settings.api_key, json=False, quiet=False)
    add_shared(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=LateParser)
    late = [
        commands.add_parser(name, help=purpose, description=_sentence(purpose), source=source, shared=shared)
        for table, shared in ((SERVER_COMMANDS, True), (OTHER_COMMANDS, False))
        for name, (purpose, source) in table.items()
    ]
    return parser, late


def add_shared(parser: argparse.ArgumentParser) -> None:
    """What may stand before a command and behind it."""
    options: dict[str, Any] = {"default": argparse.SUPPRESS}
    parser.add_argument("--url", help="where the server is (WARREN_URL; http://127.0.0.1:8000)", **options)
    parser.add_argument("--key", help="API key, where the server asks for one (WARREN_API_KEY)", **options)
    parser.add_argument(
        "--json", action="store_true", help="print JSON, and nothing else, on standard output", **options
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, only results and errors", **options)


def _sentence(purpose: str) -> str:
    return f"{purpose[0].upper()}{purpose[1:]}."
