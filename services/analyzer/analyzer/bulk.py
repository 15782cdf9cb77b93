"""The worker process of texts: apart from the one that answers people, so that no bulk ever keeps those waiting."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from analyzer import tasks
from analyzer.settings import BulkSettings
from analyzer.texts.children import Children
from analyzer.texts.intake import Intake
from warren import database
from warren.contracts.texts import TextAnalysis
from warren.worker.service import Core, Handlers, Service, run_worker


@asynccontextmanager
async def bootstrap(settings: BulkSettings, _core: Core) -> AsyncIterator[Handlers]:
    """Open what the handlers need; close it at the end."""
    async with AsyncExitStack() as stack:
        url = settings.database_url.get_secret_value()
        store = await stack.enter_async_context(database.connect(url, "warren-analyzer-bulk"))
        children = await stack.enter_async_context(Children(settings, settings.text_processes, prepared=True))
        yield tasks.text_handlers(Intake(store, children))


service = Service(name="analyzer-bulk", settings=BulkSettings, bootstrap=bootstrap, queues=(TextAnalysis.queue,))


def main() -> None:
    """`analyzer-bulk worker`."""
    sys.exit(run_worker(service))
