"""`warren transcribe`: what a recording says."""

import argparse

import shtab

from warren_cli import files, reports, terminal
from warren_cli.client import Client, Json, job_path
from warren_cli.errors import Exit
from warren_cli.following import outcome, run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    file = parser.add_argument("file", metavar="FILE", help="wav, mp3, m4a, flac, ogg or webm; - for standard input")
    file.complete = shtab.FILE  # type: ignore[attr-defined]
    parser.add_argument("--language", metavar="XX", help="two letters, like en; the engine's own when left out")
    parser.add_argument("--prompt", help="words to expect, for engines that care")
    parser.add_argument(
        "--format", choices=("text", "srt", "vtt", "json"), default="text", help="of the transcript (text)"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> Exit:
    with Client.of(arguments) as client:
        job = run_job(client, arguments, lambda: _submit(client, arguments))
        if arguments.json:
            terminal.write_json(job)
        elif job["status"] == "completed":
            _write(client, job, arguments.format)
        return outcome(job)


def _submit(client: Client, arguments: argparse.Namespace) -> Json:
    fields = {"language": arguments.language, "prompt": arguments.prompt}
    with files.opened(arguments.file) as (name, file):
        return client.upload("/v1/transcriptions", name, file, fields)


def _write(client: Client, job: Json, form: str) -> None:
    match form:
        case "json":
            terminal.write_json(job["result"])
        case "text":
            reports.show(job)
        case _:
            terminal.write(client.download(f"{job_path(job['id'])}/artifacts/transcript.{form}").decode("utf-8"))
