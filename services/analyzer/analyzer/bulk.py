"""The worker process of texts: apart from the one that answers people, so that no bulk ever keeps those waiting."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from analyzer import tasks
from analyzer.settings import BulkSettings
from analyzer.texts.batch import Batches
from analyzer.texts.children import Children
from analyzer.texts.chunks import Chunks
from analyzer.texts.intake import Intake
from analyzer.texts.llm import LlmAnalyst
from warren import database
from warren.contracts.texts import LlmTextAnalysis, TextAnalysis, TextBatch
from warren.llm import connect
from warren.worker.service import Core, Handlers, Service, run_worker


@asynccontextmanager
async def bootstrap(settings: BulkSettings, core: Core) -> AsyncIterator[Handlers]:
    """Open what the handlers need; close it at the end."""
    async with AsyncExitStack() as stack:
        url = settings.database_url.get_secret_value()
        store = await stack.enter_async_context(database.connect(url, "warren-analyzer-bulk"))
        children = await stack.enter_async_context(Children(settings, settings.text_processes, prepared=True))
        client = await stack.enter_async_context(connect(settings)) if settings.llm_enabled else None
        llm = LlmAnalyst(client, settings.parallel_calls) if client else None
        chunks = Chunks(store, core.blobs, children, settings.text_processes, llm)
        batches = Batches(store, core.blobs, core.send, settings, llm)
        yield tasks.text_handlers(Intake(store, children, llm), chunks, batches)


service = Service(
    name="analyzer-bulk",
    settings=BulkSettings,
    bootstrap=bootstrap,
    # Each queue has its own number of jobs at a time: batches that wait for their chunks never keep those from running,
    # nor do those that wait for a language model.
    queues=(TextAnalysis.queue, TextBatch.queue, LlmTextAnalysis.queue),
)


def main() -> None:
    """`analyzer-bulk worker`."""
    sys.exit(run_worker(service))
