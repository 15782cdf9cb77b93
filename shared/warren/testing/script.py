"""A worker for tests whose jobs do what their payload says. Run it with `python -m warren.testing.script`,
and the clock of its schedule with `beat` behind that.

Each run appends what it does to the file `WARREN_TEST_JOURNAL`, one line `<job id> <run> <step>`: the effects of a job,
to count.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

from warren.contracts.base import JobPayload, JobResult
from warren.errors import BrokerUnavailable, DatabaseUnavailable, JobError, TransientError
from warren.settings import Settings
from warren.worker.beat import Schedule
from warren.worker.job import Job
from warren.worker.run import RESULT_INLINE_BYTES
from warren.worker.service import Core, Handlers, Service, run_beat, run_worker

JOURNAL = "WARREN_TEST_JOURNAL"


class Script(JobPayload):
    """`runs` are the steps of the first run, the second, …; the last is repeated. A step is `<verb> <word>`."""

    kind: ClassVar[str] = "analyzer.script"
    queue: ClassVar[str] = "analyzer"
    max_retries: ClassVar[int] = 2

    runs: tuple[tuple[str, ...], ...]


class ShortScript(Script):
    """A script that may take half a second."""

    kind: ClassVar[str] = "analyzer.short_script"
    timeout: ClassVar[float] = 0.5


class ScriptResult(JobResult):
    brief: ClassVar[frozenset[str]] = frozenset({"run"})

    run: int
    padding: str = ""


class Journal:
    """The file of effects; appending a short line is atomic."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, job_id: str, run: int, step: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{job_id} {run} {step}\n")

    def of(self, job_id: str) -> list[tuple[int, str]]:
        """(run, step) in the order they happened."""
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        found = [line.split(" ", 2) for line in lines]
        return [(int(run), step) for noted, run, step in found if noted == job_id]

    def runs(self, job_id: str) -> list[int]:
        """The runs that began."""
        return [run for run, step in self.of(job_id) if step == "begin"]


async def play(job: Job[Script], journal: Journal) -> ScriptResult:
    """Do the steps of this run."""
    journal.note(job.id, job.run, "begin")
    steps = job.payload.runs[min(job.run, len(job.payload.runs)) - 1]
    padding = ""
    for step in steps:
        verb, _, word = step.partition(" ")
        if verb == "big":
            padding = "x" * (RESULT_INLINE_BYTES + 1)
        else:
            await _VERBS[verb](job, word)
        journal.note(job.id, job.run, step)
    journal.note(job.id, job.run, "end")
    return ScriptResult(run=job.run, padding=padding)


async def _progress(job: Job[Script], word: str) -> None:
    await job.progress(word, stage="script")


async def _sleep(_job: Job[Script], word: str) -> None:
    await asyncio.sleep(float(word))


async def _spin(_job: Job[Script], _word: str) -> None:
    while True:  # noqa: ASYNC110  endless is what it is for
        await asyncio.sleep(0)


async def _child(_job: Job[Script], word: str) -> None:
    """A child process that runs for so many seconds, and is killed with the job."""
    process = subprocess.Popen(["sleep", word])  # noqa: ASYNC220  no cancellation may come in between
    try:
        await asyncio.to_thread(process.wait)
    finally:
        process.kill()
        process.wait()


async def _stubborn(_job: Job[Script], word: str) -> None:
    """Ignores being cancelled for so many seconds."""
    deadline = asyncio.get_running_loop().time() + float(word)
    while (left := deadline - asyncio.get_running_loop().time()) > 0:
        try:
            await asyncio.sleep(left)
        except asyncio.CancelledError:
            continue


async def _store(job: Job[Script], word: str) -> None:
    await job.store(word, word.encode(), "text/plain")


async def _fail(_job: Job[Script], word: str) -> None:
    raise JobError("script.failed", f"The script failed: {word}", details={"word": word})


async def _transient(_job: Job[Script], word: str) -> None:
    raise TransientError("script.transient", "not now", retry_after=float(word) if word else None)


async def _away(_job: Job[Script], word: str) -> None:
    """The `database` or the `broker` does not answer."""
    raise {"database": DatabaseUnavailable, "broker": BrokerUnavailable}[word]("away")


async def _crash(_job: Job[Script], word: str) -> None:
    raise LookupError(word)


async def _timeout(_job: Job[Script], _word: str) -> None:
    raise TimeoutError("of something inside the handler")


async def _cancel(_job: Job[Script], _word: str) -> None:
    raise asyncio.CancelledError


async def _exit(_job: Job[Script], _word: str) -> None:
    os._exit(9)


_VERBS: dict[str, Callable[[Job[Script], str], Awaitable[None]]] = {
    "progress": _progress,
    "sleep": _sleep,
    "spin": _spin,
    "child": _child,
    "stubborn": _stubborn,
    "store": _store,
    "fail": _fail,
    "transient": _transient,
    "away": _away,
    "crash": _crash,
    "timeout": _timeout,
    "cancel": _cancel,
    "exit": _exit,
}


@asynccontextmanager
async def bootstrap(_settings: Settings, _core: Core) -> AsyncIterator[Handlers]:
    journal = Journal(Path(os.environ[JOURNAL]))

    async def run(job: Job[Script]) -> ScriptResult:
        return await play(job, journal)

    yield Handlers(jobs={Script: run, ShortScript: run})


service = Service(
    name="analyzer",
    settings=Settings,
    bootstrap=bootstrap,
    queues=(Script.queue,),
    schedules=(Schedule(every_seconds=1, payload=lambda slot: Script(runs=((f"progress {slot}",),))),),
)

if __name__ == "__main__":
    if sys.argv[1:] == ["beat"]:
        run_beat(service)
    else:
        sys.exit(run_worker(service))
