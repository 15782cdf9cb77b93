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
    """A `send` that runs the job here. Services are found by their entry point: the gateway imports none of them."""
    async with AsyncExitStack() as stack:
        runtimes: dict[str, Runtime] = {}
        for point in entry_points(group="warren.services"):
            service: Service[Any] = point.load()
            made = await stack.enter_async_context(runtime(service, service.settings()))
            runtimes.update(dict.fromkeys(made.kinds, made))
        running: set[asyncio.Task[object]] = set()

        async def send(job: JobMessage) -> None:
            arguments = job.model_dump(mode="json", exclude={"kind", "queue"})
            task: asyncio.Task[object] = asyncio.create_task(
                runtimes[job.kind].run(job.kind, job.queue, arguments, redeliveries=0)
            )
            running.add(task)
            task.add_done_callback(running.discard)

        log.warning("jobs_run_inline", kinds=sorted(runtimes))
        yield send
