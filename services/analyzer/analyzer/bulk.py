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
from warren import database
from warren.contracts.texts import TextAnalysis, TextBatch
from warren.worker.service import Core, Handlers, Service, run_worker


@asynccontextmanager
async def bootstrap(settings: BulkSettings, core: Core) -> AsyncIterator[Handlers]:
    """Open what the handlers need; close it at the end."""
    async with AsyncExitStack() as stack:
        url = settings.database_url.get_secret_value()
        store = await stack.enter_async_context(database.connect(url, "warren-analyzer-bulk"))
        children = await stack.enter_async_context(Children(settings, settings.text_processes, prepared=True))
        chunks = Chunks(store, core.blobs, children, settings.text_processes)
        batches = Batches(store, core.blobs, core.send, settings)
        yield tasks.text_handlers(Intake(store, children), chunks, batches)


service = Service(
    name="analyzer-bulk",
    settings=BulkSettings,
    bootstrap=bootstrap,
    # Each queue has its own number of jobs at a time: batches that wait for their chunks never keep those from running.
    queues=(TextAnalysis.queue, TextBatch.queue),
)


def main() -> None:
    """`analyzer-bulk worker`."""
    sys.exit(run_worker(service))
