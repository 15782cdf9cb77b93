"""The worker process that answers people: questions about tables, and what is asked about texts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from analyzer import tasks
from analyzer.engines import LlmEngine
from analyzer.sandbox import Sandbox
from analyzer.sandbox.limits import SandboxLimits
from analyzer.settings import AnalyzerSettings
from analyzer.spool import Spool
from analyzer.texts import queries
from analyzer.texts.children import Children
from warren import database
from warren.contracts.analyzer import CsvAnalysis
from warren.llm import connect
from warren.worker.service import Core, Handlers, Service

POOL_SIZE = 4


@asynccontextmanager
async def bootstrap(settings: AnalyzerSettings, core: Core) -> AsyncIterator[Handlers]:
    """Open what the handlers need; close it at the end."""
    async with AsyncExitStack() as stack:
        limits = SandboxLimits(mode=settings.sandbox, concurrency=settings.sandbox_concurrency)
        sandbox = await stack.enter_async_context(Sandbox(limits))
        spool = stack.enter_context(Spool(settings.spool_directory, settings.spool_bytes))
        llm = LlmEngine(await stack.enter_async_context(connect(settings))) if settings.llm_enabled else None
        url = settings.database_url.get_secret_value()
        store = await stack.enter_async_context(database.connect(url, "warren-analyzer", pool_size=POOL_SIZE))
        # Its own, for searches, started by the first: they never wait for texts that come in bulk.
        children = await stack.enter_async_context(Children(settings, 1))
        answers = tasks.handlers(sandbox, spool, core.blobs, llm)
        yield Handlers(answers.jobs, {**answers.queries, **queries.handlers(store, children)})


service = Service(name="analyzer", settings=AnalyzerSettings, bootstrap=bootstrap, queues=(CsvAnalysis.queue,))
