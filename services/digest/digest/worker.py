"""The digest service's worker process and the Beat that wakes it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import sqlalchemy as sa

from digest import queries, tasks
from digest.chat.jobs import ChatJobs
from digest.content.jobs import ContentJobs
from digest.content.library import Library
from digest.content.shelf import Shelf
from digest.engines import crunched
from digest.engines.asking import Engines
from digest.engines.llm import LlmEngine
from digest.engines.local import Corpus, LocalEngine
from digest.fetching import fetcher
from digest.models import bots
from digest.settings import DigestSettings
from digest.store import fates
from warren import database
from warren.contracts.chat import Chat, Cleanup, DailyContent, RefreshTopics
from warren.contracts.digest import BuildDigest, CategorizeBatch, PollFeed, Tick
from warren.database import Database
from warren.llm import connect
from warren.worker.beat import Schedule
from warren.worker.cruncher import Cruncher
from warren.worker.service import Core, Handlers, Service


@asynccontextmanager
async def bootstrap(settings: DigestSettings, core: Core, cruncher: Cruncher | None = None) -> AsyncIterator[Handlers]:
    """Open what the handlers need; close it at the end. A `cruncher` that is given stays open."""
    url = settings.database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            database.connect(url, "warren-digest", pool_size=settings.digest_pool_size)
        )
        own = Cruncher("digest", crunched.load)
        child = cruncher if cruncher is not None else await stack.enter_async_context(own)
        local = LocalEngine(child, _corpus(store, settings.corpus_posts))
        client = await stack.enter_async_context(connect(settings)) if settings.llm_enabled else None
        llm = LlmEngine(client, settings.parallel_calls) if client else None
        fetch = await stack.enter_async_context(
            fetcher(
                max_bytes=settings.feed_max_bytes,
                seconds=settings.fetch_seconds,
                allow_private=settings.allow_private_urls,
            )
        )
        jobs = tasks.handlers(settings, store, core.send, child, Engines(local, llm), fetch)
        shelf = Shelf(Library.load())
        chats = ChatJobs(store, core.send, shelf, client)
        contents = ContentJobs(store, core.send, shelf, client, settings)
        yield Handlers(
            jobs={**jobs, **tasks.chat_handlers(chats, contents)},
            queries={
                **queries.handlers(store, "llm" if llm else "local"),
                **queries.chat_handlers(store, shelf),
            },
        )


def _corpus(store: Database, limit: int) -> Corpus:
    async def read(bot_id: str) -> list[str]:
        async with store.transaction() as connection:
            channels = sa.select(bots.c.channels).where(bots.c.id == bot_id)
            return await fates.corpus(
                connection, (await connection.execute(channels)).scalar_one_or_none() or [], limit
            )

    return read


service = Service(
    name="digest",
    settings=DigestSettings,
    bootstrap=bootstrap,
    # One process takes them all: each queue has its own number of jobs at a time, so builds that wait for their
    # batches never keep those from running.
    queues=(PollFeed.queue, BuildDigest.queue, CategorizeBatch.queue, Chat.queue),
    schedules=(
        Schedule(every_seconds=60, payload=lambda slot: Tick(slot=slot)),
        Schedule(every_seconds=1800, payload=lambda slot: RefreshTopics(slot=slot)),
        Schedule(every_seconds=3600, payload=lambda slot: DailyContent(slot=slot)),
        Schedule(every_seconds=86_400, payload=lambda slot: Cleanup(slot=slot)),
    ),
)
