"""`WARREN_INLINE=true`: jobs run in the gateway's own process, for a debugger, through the runtime workers have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import entry_points
from typing import Any

import structlog

from gateway.relay import Send
from warren.jobs import JobMessage
from warren.worker.runtime import Runtime
from warren.worker.service import Service, runtime

log = structlog.get_logger(__name__)


@asynccontextmanager
async def inline_sender() -> AsyncIterator[Send]:
    """A `send` that runs the job here. Services are found by their entry point: the gateway imports none of them.

    What runs when the gateway stops is not taken up again.
    """
    runtimes: dict[str, Runtime] = {}
    running: set[asyncio.Task[object]] = set()

    async def send(job: JobMessage, *, delay: float = 0.0) -> None:
        task: asyncio.Task[object] = asyncio.create_task(_run(runtimes[job.kind], job, delay))
        running.add(task)
        task.add_done_callback(running.discard)

    async with AsyncExitStack() as stack:
        for point in entry_points(group="warren.services"):
            service: Service[Any] = point.load()
            made = await stack.enter_async_context(runtime(service, service.settings(), send))
            runtimes.update(dict.fromkeys(made.kinds, made))
        log.warning("jobs_run_inline", kinds=sorted(runtimes))
        try:
            yield send
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _run(runtime: Runtime, job: JobMessage, delay: float) -> None:
    await asyncio.sleep(delay)
    await runtime.run(job.kind, job.queue, job.model_dump(mode="json", exclude={"kind", "queue"}), redeliveries=0)
