"""What a gateway is to the digest service: asks its queries, runs its jobs, and looks at what came of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from digest.settings import DigestSettings
from digest.worker import bootstrap
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.base import JobPayload, Query
from warren.contracts.digest_queries import AddPosts, CreateBot, CreateChannel
from warren.contracts.digest_records import Bot, BotSpec, Category, ChannelSpec, NewPost
from warren.database import Database
from warren.errors import BrokerUnavailable
from warren.jobs import JobMessage
from warren.queries import QueryClient, QueryRefused
from warren.testing.jobs import InMemoryJob
from warren.worker.cruncher import Cruncher
from warren.worker.service import Core, Handlers

OWNER = "key_1"
CATEGORIES = (
    Category(name="Sports", description="matches, teams, players"),
    Category(name="Business", description="companies, markets, the economy"),
)


@dataclass
class Office:
    """The service's handlers in the test's own process: jobs they send run at once, side by side, as on workers."""

    store: Database
    handlers: Handlers
    sent: list[JobMessage]
    broken: set[str]
    """Kinds whose messages get lost on their way, as if the worker that has them had died."""
    refused: int = 0
    """How many of the next messages RabbitMQ does not take."""

    async def ask(self, query: Query) -> Any:
        return await self.handlers.queries[type(query)](query)

    async def refusal(self, query: Query) -> str:
        with pytest.raises(QueryRefused) as refused:
            await self.ask(query)
        return refused.value.code

    async def run(self, payload: JobPayload, job_id: str = "job_1") -> Any:
        return await self.handlers.jobs[type(payload)](InMemoryJob(payload, id=job_id))

    async def bot(self, posts: Sequence[NewPost], **changes: Any) -> Bot:
        """A bot whose only channel holds these posts."""
        channel = await self.ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="news")))
        added = await self.ask(AddPosts(owner=OWNER, channel_id=channel.id, posts=tuple(posts)))
        assert added.added == len(posts), added
        spec = BotSpec(**{"name": "Morning", "channels": (channel.id,), "categories": CATEGORIES, **changes})
        bot: Bot = await self.ask(CreateBot(owner=OWNER, spec=spec))
        return bot

    async def seen(self, statement: sa.Select[Any]) -> None:
        """Wait until there are such rows."""
        async with asyncio.timeout(60):
            while not await self.rows(statement):  # noqa: ASYNC110  PostgreSQL cannot tell
                await asyncio.sleep(0.01)

    async def rows(self, statement: sa.Select[Any]) -> list[sa.Row[Any]]:
        async with self.store.transaction() as connection:
            return list((await connection.execute(statement)).all())


@asynccontextmanager
async def opened(settings: DigestSettings, store: Database, cruncher: Cruncher) -> AsyncIterator[Office]:
    """An office on this database."""
    running: set[asyncio.Task[None]] = set()
    async with AsyncExitStack() as stack:
        # Nothing connects: there is no RabbitMQ behind it.
        broker = Broker("amqp://nobody@127.0.0.1:1/", "test")

        async def chain(message: JobMessage | None) -> None:
            kinds = {kind.kind: kind for kind in office.handlers.jobs}
            while message is not None and message.kind not in office.broken:
                kind = kinds[message.kind]
                await office.handlers.jobs[kind](InMemoryJob(kind.model_validate(message.payload), id=message.job_id))
                message = message.next

        async def send(job: JobMessage, *, delay: float = 0.0) -> None:
            if office.refused:
                office.refused -= 1
                raise BrokerUnavailable("RabbitMQ is not reachable")
            office.sent.append(job)
            task = asyncio.create_task(chain(JobMessage.model_validate_json(job.model_dump_json())))
            running.add(task)
            task.add_done_callback(running.discard)

        core = Core(broker, BlobStore("memory://"), QueryClient(broker), send)
        handlers = await stack.enter_async_context(bootstrap(settings, core, cruncher))
        office = Office(store, handlers, [], set())
        yield office
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


OpenOffice = Callable[..., AbstractAsyncContextManager[Office]]
