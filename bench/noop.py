"""A job that does nothing, and the worker that runs it: what the path itself costs."""

import sys
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


async def noop(job: Job[NoOp]) -> Empty:
    return Empty()


@asynccontextmanager
async def bootstrap(_settings: Settings, _core: Core) -> AsyncIterator[Handlers]:
    yield Handlers(jobs={NoOp: noop})


service = Service(name="bench", settings=Settings, bootstrap=bootstrap, queues=(NoOp.queue,))

if __name__ == "__main__":
    sys.exit(run_worker(service))
