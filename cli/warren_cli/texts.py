"""`warren texts`: load files of texts, and find those that are alike."""

import argparse
from pathlib import Path
from urllib.parse import quote

import shtab

from warren_cli import files, reports, terminal
from warren_cli.client import Client, Json, job_path
from warren_cli.errors import CommandError, Exit
from warren_cli.following import outcome, run_job

MEDIA_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
_SAID = ("themes", "mood", "summary", "explicit")
"""What a language model said that is of interest to a person."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=argparse.ArgumentParser
    )
    load = actions.add_parser("load", help="describe and keep the texts of a file")
    kinds = "a JSON object with track_id and text a line, or a CSV with such columns; - for standard input"
    file = load.add_argument("file", metavar="FILE", help=kinds)
    file.complete = shtab.FILE  # type: ignore[attr-defined]
    load.add_argument(
        "--format", choices=tuple(MEDIA_TYPES), help="of the file; by its name when left out, else ndjson"
    )
    load.add_argument("--llm", action="store_true", help="also have a language model say what each text is about")
    errors = load.add_argument("--errors", type=Path, metavar="FILE", help="write the lines that were not kept there")
    errors.complete = shtab.FILE  # type: ignore[attr-defined]
    load.set_defaults(run=_load)
    similar = actions.add_parser("similar", help="texts like one that was loaded")
    similar.add_argument("id", metavar="TRACK_ID")
    similar.set_defaults(run=lambda arguments: _find(arguments, f"{_path(arguments.id)}/similar"))
    search = actions.add_parser("search", help="texts like these words")
    search.add_argument("words", metavar="WORDS")
    search.set_defaults(run=lambda arguments: _find(arguments, "/v1/texts/search", q=arguments.words))
    for action in (similar, search):
        action.add_argument("--language", metavar="XX", help="only in this language, like en")
        action.add_argument("--topic", help="only with this word among their topics")
        action.add_argument("--limit", type=int, metavar="N", help="how many, up to 100 (10)")
    show = actions.add_parser("show", help="what is known of a text")
    show.add_argument("id", metavar="TRACK_ID")
    show.set_defaults(run=_show)
    # Also behind the action, where people look for them.
    from warren_cli.parser import add_shared  # noqa: PLC0415  # that module imports this one when it is asked for

    for action in actions.choices.values():
        add_shared(action)


def _load(arguments: argparse.Namespace) -> Exit:
    if arguments.errors is not None and arguments.errors.exists():
        raise CommandError(f"{arguments.errors} is there already. Give another --errors.", Exit.USAGE)
    with Client.of(arguments) as client:
        job = run_job(client, arguments, lambda: _send(client, arguments))
        if arguments.json:
            terminal.write_json(job)
        elif job["status"] == "completed":
            reports.show(job)
        if job["status"] == "completed" and job["result"]["listed"]:
            _tell_errors(client, job, arguments.errors)
        return outcome(job)


def _send(client: Client, arguments: argparse.Namespace) -> Json:
    form = arguments.format or ("csv" if arguments.file.lower().endswith(".csv") else "ndjson")
    with files.opened(arguments.file) as (name, file):
        return client.stream("/v1/texts/batch", file, MEDIA_TYPES[form], name=name, llm=arguments.llm)


def _tell_errors(client: Client, job: Json, file: Path | None) -> None:
    path = f"{job_path(job['id'])}/artifacts/errors.ndjson"
    if file is None:
        terminal.say(f"{job['result']['listed']} lines were not kept. --errors FILE writes them; they are at {path}")
        return
    try:
        saved = reports.save_new(file, client.download(path))
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}.", Exit.USAGE) from None
    terminal.say(f"The lines that were not kept are in {saved}")


def _find(arguments: argparse.Namespace, path: str, **query: str) -> None:
    with Client.of(arguments) as client:
        found = client.get(path, **query, language=arguments.language, topic=arguments.topic, limit=arguments.limit)
    if arguments.json:
        terminal.write_json(found)
    elif found["data"]:
        rows = [_row(one) for one in found["data"]]
        terminal.write_table(("text", "similarity", "language", "begins"), rows, most=len(rows))
    elif not arguments.quiet:
        terminal.say("There are no such texts.")


def _row(text: Json) -> tuple[str, ...]:
    return text["track_id"], f"{text['similarity']:.2f}", text["language"], text["excerpt"][:60]


def _show(arguments: argparse.Namespace) -> None:
    with Client.of(arguments) as client:
        text = client.get(_path(arguments.id))
    if arguments.json:
        terminal.write_json(text)
        return
    features = {name: value for name, value in text["features"].items() if value not in (None, False, [])}
    said = {name: value for name, value in (text.get("llm_analysis") or {}).items() if name in _SAID and value != []}
    for name, value in {"text": text["track_id"], "begins": text["excerpt"], **features, **said}.items():
        terminal.write(f"{name:20} {', '.join(value) if isinstance(value, list) else value}")


def _path(track_id: str) -> str:
    return f"/v1/texts/{quote(track_id, safe='')}"
