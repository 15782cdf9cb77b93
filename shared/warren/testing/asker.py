"""A worker for tests whose jobs ask the scripted model. Run it with `python -m warren.testing.asker`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from pydantic import Field

from warren import llm
from warren.contracts.base import JobPayload, JobResult
from warren.llm import LlmSettings
from warren.worker.job import Job
from warren.worker.service import Core, Handlers, Service, run_worker


class Ask(JobPayload):
    """A question for the model."""

    kind: ClassVar[str] = "analyzer.ask"
    queue: ClassVar[str] = "analyzer"

    question: str


class Answer(JobResult):
    """`pid` is that of the worker."""

    text: str
    pid: int


class AskerSettings(LlmSettings):
    """Limits count in windows shorter than a minute, so that tests see several."""

    test_window_seconds: float = Field(1.0, gt=0)


@asynccontextmanager
async def bootstrap(settings: AskerSettings, _core: Core) -> AsyncIterator[Handlers]:
    async with llm.connect(settings, window=settings.test_window_seconds) as client:

        async def ask(job: Job[Ask]) -> Answer:
            completion = await client.complete([{"role": "user", "content": job.payload.question}], purpose="test")
            return Answer(text=completion.text, pid=os.getpid())

        yield Handlers(jobs={Ask: ask})


service = Service(name="analyzer", settings=AskerSettings, bootstrap=bootstrap, queues=(Ask.queue,))

if __name__ == "__main__":
    sys.exit(run_worker(service))
