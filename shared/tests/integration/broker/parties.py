"""Jobs and questions of these tests, and who takes and answers them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ClassVar

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from yarl import URL

from warren import topology
from warren.broker import Broker, settle
from warren.contracts.base import JobPayload, Message, Query
from warren.errors import BrokerUnavailable, QueryTimeout
from warren.queries import QueryClient, QueryHandlers, QueryServer
from warren.testing.proxy import Proxy

SECONDS = 20.0
QUEUE = "gateway"
"""A queue from which no worker of these tests takes."""


class Chore(JobPayload):
    kind: ClassVar[str] = "gateway.chore"
    queue: ClassVar[str] = QUEUE

    what: str = ""


class Echo(Query):
    name: ClassVar[str] = "gateway.echo"
    text: str = ""
    seconds: float = 0.0


class Echoed(Message):
    text: str


class Taken:
    """Messages taken from a queue, of those that the test itself sent."""

    def __init__(self, broker: Broker, queue: str, mine: Callable[[AbstractIncomingMessage], bool]) -> None:
        self._messages: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._queue = queue
        self._mine = mine
        self._broker = broker
        self.trying = asyncio.Event()
        self.listening = asyncio.Event()
        broker.consume(self._listen)

    async def _listen(self, channel: AbstractChannel) -> None:
        self.trying.set()
        queue = await channel.get_queue(self._queue, ensure=False)
        await queue.consume(self._take)
        self.listening.set()

    async def _take(self, message: AbstractIncomingMessage) -> None:
        await settle(message.ack())
        if self._mine(message):
            self._messages.put_nowait(message)

    async def next(self) -> AbstractIncomingMessage:
        async with asyncio.timeout(SECONDS):
            return await self._messages.get()


def taken(broker: Broker, *job_ids: str) -> Taken:
    return Taken(broker, QUEUE, lambda message: message.message_id in job_ids)


async def until_answered(client: QueryClient) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await client.ask(Echo(), Echoed, timeout=1)
            except (BrokerUnavailable, QueryTimeout):
                await asyncio.sleep(0.05)
            else:
                return


async def echo(query: Echo) -> Echoed:
    """Answers at once."""
    return Echoed(text=query.text)


@asynccontextmanager
async def asking_through_proxy(vhost: str, handlers: QueryHandlers) -> AsyncIterator[tuple[Proxy, Broker]]:
    """A proxy, and behind it the connection of who asks. Who answers has one of his own, which is never cut."""
    topology.declare(vhost)
    async with (
        Proxy(int(URL(vhost).port or 0)) as proxy,
        Broker(vhost, "service") as service,
        Broker(proxy.url(vhost), "test") as broker,
    ):
        QueryServer(service, "gateway", handlers).start()
        yield proxy, broker
