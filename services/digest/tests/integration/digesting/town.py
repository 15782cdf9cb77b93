"""A worker of the digest service beside the test: has its jobs done, hears what they tell, asks its queries."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from pydantic import SecretStr

from digest.chat.jobs import ChatJobs
from digest.content.jobs import ContentJobs
from digest.content.library import Library
from digest.content.shelf import Shelf
from digest.settings import DigestSettings
from warren import database, events, jobs, topology
from warren.broker import Broker
from warren.contracts.base import JobPayload, Message, Query
from warren.contracts.chat import (
    Chat,
    ChatReply,
)
from warren.contracts.events import EventType, JobEvent
from warren.database import Database
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.llm import LlmClient
from warren.queries import QueryClient
from warren.testing.processes import Programs

SECONDS = 30.0
USER = "anna"
M = TypeVar("M", bound=Message)


@dataclass
class Town:
    """The service's worker, its database, and what it tells."""

    store: Database
    broker: Broker
    queries: QueryClient
    told: dict[str, list[JobEvent]] = field(default_factory=lambda: defaultdict(list))
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def listen(self, channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(exclusive=True, auto_delete=True)
        await queue.bind(topology.EVENTS, "#")
        await queue.consume(self._receive, no_ack=True)
        self.listening.set()

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        async with self.news:
            for event in events.decode(message.body):
                self.told[event.job_id].append(event)
            self.news.notify_all()

    async def end(self, job_id: str) -> dict[str, Any]:
        """Wait until a job has ended; its result."""
        async with asyncio.timeout(SECONDS), self.news:
            await self.news.wait_for(lambda: any(event.type.terminal for event in self.told[job_id]))
        (last,) = [event for event in self.told[job_id] if event.type.terminal]
        assert last.type is EventType.completed, last
        return dict(last.data["result"])

    async def send(self, payload: JobPayload) -> str:
        job_id = new_id("job")
        await jobs.publish(self.broker, JobMessage.of(job_id, payload))
        return job_id

    async def do(self, payload: JobPayload) -> dict[str, Any]:
        return await self.end(await self.send(payload))

    async def ask(self, query: Query, answer: type[M]) -> M:
        return await self.queries.ask(query, answer, timeout=10.0)

    async def client(self, endpoint: str, **settings: Any) -> LlmClient:
        """A model at this endpoint, which is not tried again for long."""
        made = DigestSettings.model_validate(
            {
                "llm_api_key": SecretStr("k"),
                "llm_base_url": endpoint,
                "llm_model": "m",
                "llm_max_retries": 0,
                **settings,
            }
        )
        return await self.stack.enter_async_context(LlmClient(made, backoff=0.01))

    def chats(self, llm: LlmClient | None = None) -> ChatJobs:
        return ChatJobs(self.store, partial(jobs.publish, self.broker), SHELF, llm)

    def contents(self, llm: LlmClient | None = None, **settings: Any) -> ContentJobs:
        return ContentJobs(
            self.store, partial(jobs.publish, self.broker), SHELF, llm, DigestSettings.model_validate(settings)
        )


SHELF = Shelf(Library.load())


@asynccontextmanager
async def founded(vhost: str, database_url: str, folder: Path) -> AsyncIterator[Town]:
    """A town with a worker of its own."""
    environment = {"WARREN_BROKER_URL": vhost, "WARREN_DATABASE_URL": database_url,
                   "WARREN_BLOBS_URL": Path(folder, "blobs").as_uri()}  # fmt: skip
    programs = Programs(environment, folder)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(programs.end)
        await programs.service("digest", "worker")
        store = await stack.enter_async_context(database.connect(database_url, "test"))
        broker = await stack.enter_async_context(Broker(vhost, "test"))
        made = Town(store, broker, QueryClient(broker), stack=stack)
        made.queries.start()
        broker.consume(made.listen)
        async with asyncio.timeout(SECONDS):
            await made.listening.wait()
            await broker.ready()
        yield made


def slot() -> str:
    """One that no other test has."""
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=uuid4().int % 10**8)).isoformat()


async def say(town: Town, owner: str, message: str, user_id: str = USER) -> ChatReply:
    """Say something, and wait until all that follows is done."""
    reply = ChatReply.model_validate(await town.do(Chat(owner=owner, user_id=user_id, message=message)))
    for job_id in reply.follow_ups:
        await town.end(job_id)
    return reply
