"""Follow a job to its end: progress on the way, and what Ctrl-C means."""

import argparse
from collections.abc import Callable

from warren_cli import terminal
from warren_cli.client import Client, Json, job_path
from warren_cli.errors import CommandError, Exit


def run_job(client: Client, arguments: argparse.Namespace, submit: Callable[[], Json]) -> Json:
    """Make a job, show its progress, and return it with its result. Ctrl-C asks the server to cancel it.

    Raises `CommandError`s; where the job was accepted, they say how to come back to it.
    """
    with terminal.display(arguments.quiet) as display:
        job = submit()
        try:
            for event in client.follow(job["id"]):
                tell(display, event)
            return client.get(job_path(job["id"]))
        except KeyboardInterrupt:
            raise _cancelled(client, job["id"]) from None
        except CommandError as error:
            raise CommandError(f"{error}\n{come_back(job['id'])}", error.code) from None


def outcome(job: Json) -> Exit:
    """The exit code for a job that has ended; what it failed of is said."""
    if job["status"] == "completed":
        return Exit.DONE
    error = job.get("error")
    reason = f": {error['message']} ({error['code']})" if error else "."
    terminal.say(f"warren: {job['id']} {_ENDED.get(job['status'], job['status'])}{reason}")
    return Exit.JOB_FAILED


def come_back(job_id: str) -> str:
    return f"The job goes on: warren jobs watch {job_id}"


def tell(display: terminal.Display, event: Json) -> None:
    """Show what an event says."""
    data = event["data"]
    match event["event"]:
        case "queued":
            display.show("Waiting for a worker…")
        case "started":
            display.show("Started…")
        case "progress":
            display.show(progress_line(data), data.get("percent"))
        case "retrying":
            display.show(f"Tried again soon: {data.get('message', '')}")


def progress_line(progress: Json) -> str:
    """The message, with the attempt in front where it does not say it itself."""
    message = str(progress.get("message") or "")
    attempt, of = progress.get("attempt"), progress.get("of")
    if not attempt or message.lower().startswith("attempt"):
        return message
    return f"Attempt {attempt}/{of}: {message}" if of else f"Attempt {attempt}: {message}"


def _cancelled(client: Client, job_id: str) -> CommandError:
    try:
        client.cancel(job_id)
    except CommandError as error:
        return CommandError(f"interrupted, but {job_id} could not be cancelled: {error}", Exit.INTERRUPTED)
    return CommandError(f"interrupted; asked to cancel {job_id}", Exit.INTERRUPTED)


_ENDED = {"failed": "failed", "cancelled": "was cancelled", "expired": "expired before it was done"}
