"""`warren analyze`: a question about a table."""

import argparse
from pathlib import Path

import shtab

from warren_cli import files, reports, terminal
from warren_cli.client import Client, Json
from warren_cli.errors import Exit
from warren_cli.following import outcome, run_job

FILE_ID = "file_"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    file = parser.add_argument(
        "file",
        metavar="FILE",
        help="CSV, TSV, Excel, Parquet or JSON lines; - for standard input; or file_…, sent before",
    )
    file.complete = shtab.FILE  # type: ignore[attr-defined]
    parser.add_argument("question", help="in quotes, English or Russian")
    parser.add_argument("--session", metavar="ID", help="go on with this dialog")
    parser.add_argument("--sheet", help="worksheet of an Excel file")
    parser.add_argument("--engine", choices=("auto", "local", "llm"), help="who answers (auto)")
    out = parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where plots are saved (here)")
    out.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> Exit:
    with Client.of(arguments) as client:
        job = run_job(client, arguments, lambda: _submit(client, arguments))
        if arguments.json:
            terminal.write_json(job)
        if job["status"] == "completed":
            if not arguments.json:
                reports.show(job)
            for path in reports.save_plots(client, job, arguments.out):
                terminal.say(f"Saved {path}")
            if not arguments.quiet:
                terminal.say(f'Go on: warren analyze {job["input"]["file"]["id"]} "…" --session {job["session_id"]}')
        return outcome(job)


def _submit(client: Client, arguments: argparse.Namespace) -> Json:
    fields = {
        "question": arguments.question,
        "session_id": arguments.session,
        "sheet": arguments.sheet,
        "engine": arguments.engine,
    }
    if arguments.file.startswith(FILE_ID) and not Path(arguments.file).exists():
        return client.submit("/v1/analyses", fields | {"file_id": arguments.file})
    with files.opened(arguments.file) as (name, file):
        return client.upload("/v1/analyses", name, file, fields)
