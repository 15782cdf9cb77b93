"""Jobs that do nothing, or only talk, and the worker that runs them: what the path itself costs."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from warren.contracts.base import Empty, JobPayload
from warren.settings import Settings
from warren.worker.job import Job
from warren.worker.service import Core, Handlers, Service, run_worker


class NoOp(JobPayload):
    kind: ClassVar[str] = "bench.noop"
    queue: ClassVar[str] = "analyzer"


class Ticks(JobPayload):
    kind: ClassVar[str] = "bench.ticks"
    queue: ClassVar[str] = "analyzer"

    count: int
    every_seconds: float


async def noop(_job: Job[NoOp]) -> Empty:
    return Empty()


async def ticks(job: Job[Ticks]) -> Empty:
    """Progress at a steady pace; each message is the time (seconds since 1970) at which it was made."""
    for _ in range(job.payload.count):
        await asyncio.sleep(job.payload.every_seconds)
        await job.progress(repr(time.time()), stage="tick")
    return Empty()


@asynccontextmanager
async def bootstrap(_settings: Settings, _core: Core) -> AsyncIterator[Handlers]:
    yield Handlers(jobs={NoOp: noop, Ticks: ticks})


service = Service(name="bench", settings=Settings, bootstrap=bootstrap, queues=(NoOp.queue,))

if __name__ == "__main__":
    sys.exit(run_worker(service))
