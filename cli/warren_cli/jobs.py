"""`warren jobs`: list, show, watch and cancel."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import shtab

from warren_cli import reports, terminal
from warren_cli.client import Client, Json, job_path
from warren_cli.errors import CommandError, Exit
from warren_cli.following import come_back, outcome, tell

STATUSES = ("queued", "in_progress", "retrying", "completed", "failed", "cancelled", "expired")
PAGE = 100
"""The most the server lists at once."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=argparse.ArgumentParser
    )
    listing = actions.add_parser("list", help="newest first")
    listing.add_argument("--status", choices=STATUSES)
    listing.add_argument("--kind", help="like analyzer.csv")
    listing.add_argument("--session", metavar="ID", help="only of this dialog")
    listing.add_argument("--limit", type=_count, default=20, metavar="N", help="how many (20)")
    listing.set_defaults(run=_list)
    for name, purpose, run in (
        ("show", "a job, with its result", _show),
        ("watch", "its progress, then its result; Ctrl-C leaves, and the job goes on", _watch),
        ("cancel", "ask it to stop", _cancel),
    ):
        action = actions.add_parser(name, help=purpose)
        action.add_argument("id", metavar="ID", help="job_…")
        action.set_defaults(run=run)
        if run is not _cancel:
            out = action.add_argument("--out", type=Path, metavar="DIR", help="save plots there")
            out.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    # Also behind the action, where people look for them.
    from warren_cli.parser import add_shared  # noqa: PLC0415  # that module imports this one when it is asked for

    for action in actions.choices.values():
        add_shared(action)


def _list(arguments: argparse.Namespace) -> None:
    with Client.of(arguments) as client:
        jobs = list(_pages(client, arguments))
    if arguments.json:
        for job in jobs:
            terminal.write_json(job)
    elif jobs:
        terminal.write_table(("job", "kind", "status", "created", "about"), [_row(job) for job in jobs], most=len(jobs))
    elif not arguments.quiet:
        terminal.say("There are no such jobs.")


def _show(arguments: argparse.Namespace) -> None:
    with Client.of(arguments) as client:
        job = client.get(job_path(arguments.id))
        if arguments.json:
            terminal.write_json(job)
        else:
            _describe(job)
        _save(client, job, arguments.out)


def _watch(arguments: argparse.Namespace) -> Exit:
    with Client.of(arguments) as client:
        try:
            with terminal.display(arguments.quiet or arguments.json) as display:
                for event in client.follow(arguments.id):
                    if arguments.json:
                        terminal.write_json(event)
                    tell(display, event)
        except KeyboardInterrupt:
            raise CommandError(f"interrupted. {come_back(arguments.id)}", Exit.INTERRUPTED) from None
        job = client.get(job_path(arguments.id))
        if job["status"] == "completed" and not arguments.json:
            reports.show(job)
        _save(client, job, arguments.out)
        return outcome(job)


def _cancel(arguments: argparse.Namespace) -> None:
    with Client.of(arguments) as client:
        job = client.cancel(arguments.id)
    if arguments.json:
        terminal.write_json(job)
    elif not arguments.quiet:
        ended = job["completed_at"] is not None
        terminal.say(f"{job['id']} has ended already: {job['status']}." if ended else f"Asked to cancel {job['id']}.")


def _pages(client: Client, arguments: argparse.Namespace) -> Iterator[Json]:
    wanted, after = arguments.limit, None
    while wanted > 0:
        page = client.get(
            "/v1/jobs", status=arguments.status, kind=arguments.kind, session_id=arguments.session,
            limit=min(wanted, PAGE), after=after,
        )  # fmt: skip
        yield from page["data"]
        if not page["has_more"]:
            return
        wanted, after = wanted - len(page["data"]), page["last_id"]


def _describe(job: Json) -> None:
    rows = dict(zip(("job", "kind", "status", "created", "about"), _row(job), strict=True))
    rows |= {"attempt": f"{job['attempt']}/{job['max_attempts']}" if job["max_attempts"] else str(job["attempt"])}
    rows |= {name: job[name] for name in ("session_id", "completed_at") if job[name]}
    for name, value in rows.items():
        terminal.write(f"{name:13} {value}")
    if job["error"]:
        terminal.write(f"{'error':13} {job['error']['message']} ({job['error']['code']})")
    if job["status"] == "completed":
        terminal.write("")
        reports.show(job)


def _row(job: Json) -> tuple[str, ...]:
    file = job["input"]["file"]
    about = job["input"]["question"] or (file["name"] if file else "")
    return job["id"], job["kind"], job["status"], job["created_at"], about


def _save(client: Client, job: Json, folder: Path | None) -> None:
    if folder is not None and job["status"] == "completed":
        for path in reports.save_plots(client, job, folder):
            terminal.say(f"Saved {path}")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("a number from 1 on")
    return int(text)
