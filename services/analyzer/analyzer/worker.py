"""The analyzer's worker process."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from analyzer import tasks
from analyzer.engines import LlmEngine
from analyzer.sandbox import Sandbox
from analyzer.sandbox.limits import SandboxLimits
from analyzer.settings import AnalyzerSettings
from analyzer.spool import Spool
from warren.contracts.analyzer import CsvAnalysis
from warren.llm import connect
from warren.worker.service import Core, Handlers, Service, run_worker


@asynccontextmanager
async def bootstrap(settings: AnalyzerSettings, core: Core) -> AsyncIterator[Handlers]:
    """Open what the handlers need; close it at the end."""
    async with AsyncExitStack() as stack:
        limits = SandboxLimits(mode=settings.sandbox, concurrency=settings.sandbox_concurrency)
        sandbox = await stack.enter_async_context(Sandbox(limits))
        spool = stack.enter_context(Spool(settings.spool_directory, settings.spool_bytes))
        llm = LlmEngine(await stack.enter_async_context(connect(settings))) if settings.llm_enabled else None
        yield tasks.handlers(sandbox, spool, core.blobs, llm)


service = Service(name="analyzer", settings=AnalyzerSettings, bootstrap=bootstrap, queues=(CsvAnalysis.queue,))


def main() -> None:
    sys.exit(run_worker(service))
