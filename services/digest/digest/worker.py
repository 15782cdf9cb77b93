"""The digest service's worker process and the Beat that wakes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from digest import queries, tasks
from digest.settings import DigestSettings
from warren import database
from warren.contracts.chat import Chat
from warren.contracts.digest import BuildDigest, CategorizeBatch, PollFeed, Tick
from warren.worker.beat import Schedule
from warren.worker.service import Core, Handlers, Service


@asynccontextmanager
async def bootstrap(settings: DigestSettings, core: Core) -> AsyncIterator[Handlers]:
    """Open what the handlers need; close it at the end."""
    url = settings.database_url.get_secret_value()
    async with database.connect(url, "warren-digest", pool_size=settings.digest_pool_size) as store:
        yield Handlers(jobs=tasks.handlers(store, core), queries=queries.handlers(store))


service = Service(
    name="digest",
    settings=DigestSettings,
    bootstrap=bootstrap,
    # One process takes them all: each queue has its own number of jobs at a time, so builds that wait for their
    # batches never keep those from running.
    queues=(PollFeed.queue, BuildDigest.queue, CategorizeBatch.queue, Chat.queue),
    schedules=(Schedule(every_seconds=60, payload=lambda slot: Tick(slot=slot)),),
)
