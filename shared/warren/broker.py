"""One process's connection to RabbitMQ through aio-pika: it survives outages; a publish is confirmed or fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq import spec
from aiormq.abc import AbstractChannel as PassingChannel
from aiormq.channel import Channel

from warren import topology
from warren.errors import BrokerUnavailable
from warren.losses import reason, unavailable_when_lost

log = structlog.get_logger(__name__)

PUBLISH_TIMEOUT_SECONDS = 5.0
CONNECT_TIMEOUT_SECONDS = 10.0
CLOSE_TIMEOUT_SECONDS = 2.0
HEARTBEAT_SECONDS = 5
"""aio-pika believes a silent link to be dead after three of these and three seconds."""
PERSISTENT = 2
FIRST_DELAY_SECONDS = 0.2
LAST_DELAY_SECONDS = 2.0

Lost = asyncio.Future[str]
"""Resolves when a connection or a channel is lost, with the reason."""
Setup = Callable[[AbstractChannel], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class QueueCount:
    """What is in a queue: messages that wait for a consumer, and consumers."""

    messages: int
    consumers: int


@dataclass(frozen=True)
class _Consumer:
    setup: Setup
    prefetch: int


class Broker:
    """Use as `async with Broker(url, "gateway") as broker`. Nothing in it waits for RabbitMQ, but `ready()`.

    aio-pika's own robust connection is not used: it declares exclusive queues again under their old names, which
    RabbitMQ refuses as long as it still believes in the connection of before.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._consumers: list[_Consumer] = []
        self._connection: AbstractConnection | None = None
        self._channel: Channel | None = None
        self._up = asyncio.Event()
        self._consuming: set[asyncio.Task[None]] = set()
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._keeping = asyncio.create_task(self._keep_connected(), name="broker")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    @property
    def connected(self) -> bool:
        """Whether the connection is up at this moment."""
        return self._up.is_set()

    async def ready(self) -> None:
        """Wait until `connected`."""
        await self._up.wait()

    def consume(self, setup: Setup, *, prefetch: int = 0) -> None:
        """Have `setup(channel)` declare and consume what it likes: soon, and again whenever that channel was lost.

        Every time it gets a new channel, whose deliveries of before can no longer be acknowledged. An exclusive queue
        needs a new name each time.
        """
        consumer = _Consumer(setup, prefetch)
        self._consumers.append(consumer)
        if self._connection is not None and self._up.is_set():
            self._start(self._connection, consumer)

    async def publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        *,
        timeout: float = PUBLISH_TIMEOUT_SECONDS,
        **properties: Any,
    ) -> None:
        """Publish a persistent message and wait until RabbitMQ has it in a queue.

        `properties` are those of AMQP's basic class. Raises `BrokerUnavailable` when that did not happen within
        `timeout` seconds, or no queue takes the message; it may have arrived all the same.
        """
        basic = spec.Basic.Properties(delivery_mode=PERSISTENT, **properties)
        # A fanout may have nobody listening; elsewhere a message that no queue takes would be lost.
        await self._publish(exchange, routing_key, body, basic, topology.EXCHANGES.get(exchange) != "fanout", timeout)

    async def reply(self, queue: str, body: bytes, **properties: Any) -> None:
        """Send a transient message to a reply queue; nobody may be waiting any more, which is fine.

        Raises `BrokerUnavailable`.
        """
        await self.tell(topology.REPLIES, queue, body, **properties)

    async def tell(self, exchange: str, routing_key: str, body: bytes, **properties: Any) -> None:
        """Publish a transient message, confirmed, that nobody need be there to hear. Raises `BrokerUnavailable`."""
        basic = spec.Basic.Properties(**properties)
        await self._publish(exchange, routing_key, body, basic, False, PUBLISH_TIMEOUT_SECONDS)

    async def declare(self, queue: topology.Queue) -> None:
        """Make a durable queue with its bindings, unless it is there. Raises `BrokerUnavailable`."""
        async with self._borrowed_channel() as channel:
            await channel.queue_declare(queue.name, durable=True, arguments=queue.arguments)
            for binding in queue.bindings:
                await channel.queue_bind(queue.name, binding.exchange, binding.routing_key)

    async def delete(self, queue: topology.Queue) -> None:
        """Remove a queue and what is in it; one that is not there is fine. Raises `BrokerUnavailable`."""
        async with self._borrowed_channel() as channel:
            await channel.queue_delete(queue.name)

    async def count(self, queue: str) -> QueueCount:
        """How many messages are ready in an existing queue, and how many consume it. Raises `BrokerUnavailable`."""
        async with self._borrowed_channel() as channel:
            found = await channel.queue_declare(queue, passive=True)
            return QueueCount(found.message_count or 0, found.consumer_count or 0)

    @asynccontextmanager
    async def channel(self, *, prefetch: int = 0) -> AsyncIterator[tuple[PassingChannel, Lost]]:
        """A channel of one's own, for a consumer that does not live as long as the process, and what tells its loss.

        It is aiormq's: aio-pika's leave two futures behind on the connection, for as long as that lives. Raises
        `BrokerUnavailable` when it cannot be opened; inside, aiormq's own errors come through.
        """
        with unavailable_when_lost():
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                channel = await self._passing_channel()
                lost = await _prepare(channel, prefetch)
        try:
            yield channel, lost
        finally:
            await settle(_closed(channel))

    @asynccontextmanager
    async def _borrowed_channel(self) -> AsyncIterator[PassingChannel]:
        """A channel for one purpose: RabbitMQ closes the channel of whoever asks for what cannot be."""
        with unavailable_when_lost():
            async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
                channel = await self._passing_channel()
                try:
                    yield channel
                finally:
                    await channel.close()

    async def _passing_channel(self) -> PassingChannel:
        if self._connection is None or self._connection.transport is None or not self.connected:
            raise BrokerUnavailable("RabbitMQ is not reachable")
        return await self._connection.transport.connection.channel()

    async def _publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        properties: spec.Basic.Properties,
        mandatory: bool,
        timeout: float,
    ) -> None:
        if self._channel is None or not self.connected:
            raise BrokerUnavailable("RabbitMQ is not reachable")
        with unavailable_when_lost():
            # Past aio-pika's exchange, which sends each message alone: this way those of one moment share a write.
            await self._channel.basic_publish(
                body,
                exchange=exchange,
                routing_key=routing_key,
                properties=properties,
                mandatory=mandatory,
                timeout=timeout,
                wait=False,
            )

    # The connection ------------------------------------------------------------------------------------------------

    async def _keep_connected(self) -> None:
        delay = FIRST_DELAY_SECONDS
        while True:
            try:
                with unavailable_when_lost():
                    lost = await self._connect()
                delay = FIRST_DELAY_SECONDS
                log.warning("broker_connection_lost", error=await lost)
            except BrokerUnavailable as error:
                log.warning("broker_unavailable", error=str(error), retry_seconds=delay)
            finally:
                self._up.clear()
                await self._disconnect()
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY_SECONDS)

    async def _connect(self) -> Lost:
        lost: Lost = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
            connection = await aio_pika.connect(
                self._url, heartbeat=HEARTBEAT_SECONDS, client_properties={"connection_name": self._name}
            )
            self._connection = connection
            connection.close_callbacks.add(lambda _, error: _lose(lost, error))
            channel = connection.channel(publisher_confirms=True, on_return_raises=True)
            await channel.initialize()
            channel.close_callbacks.add(lambda _, error: _lose(lost, error))
            underlay = await channel.get_underlay_channel()
            assert isinstance(underlay, Channel)  # noqa: S101  tells mypy; aio-pika makes no other
            self._channel = underlay
        self._up.set()
        log.info("broker_connected")
        for consumer in self._consumers:
            self._start(connection, consumer)
        return lost

    def _start(self, connection: AbstractConnection, consumer: _Consumer) -> None:
        task = asyncio.create_task(_keep_consuming(connection, consumer))
        self._consuming.add(task)
        task.add_done_callback(self._consuming.discard)

    async def _disconnect(self) -> None:
        tasks = tuple(self._consuming)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            with unavailable_when_lost():
                async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                    await connection.close()
        except BrokerUnavailable as error:
            log.debug("broker_close_failed", error=str(error))


async def _keep_consuming(connection: AbstractConnection, consumer: _Consumer) -> None:
    """One queue that cannot be consumed, because the node that leads it is away, must not hold up all else."""
    delay = FIRST_DELAY_SECONDS
    while not connection.is_closed:
        try:
            with unavailable_when_lost():
                lost = await _consume(connection, consumer)
            delay = FIRST_DELAY_SECONDS
            why = await lost
        except BrokerUnavailable as error:
            why = str(error)
        log.warning("consumer_lost", consumer=consumer.setup.__qualname__, error=why, retry_seconds=delay)
        await asyncio.sleep(delay)
        delay = min(delay * 2, LAST_DELAY_SECONDS)


async def _consume(connection: AbstractConnection, consumer: _Consumer) -> Lost:
    async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
        channel = connection.channel()
        await channel.initialize()
        lost = await _prepare(await channel.get_underlay_channel(), consumer.prefetch)
        await consumer.setup(channel)
    return lost


async def _prepare(channel: PassingChannel, prefetch: int) -> Lost:
    """Bound what a new channel is given; what is returned tells its loss."""
    lost: Lost = asyncio.get_running_loop().create_future()
    channel.closing.add_done_callback(lambda closing: _lose(lost, _end(closing)))
    # RabbitMQ ends a consumer when its queue is deleted, or moves to another node.
    channel.on_consumer_cancel_callbacks.add(lambda _: _lose(lost, None))
    if prefetch:
        await channel.basic_qos(prefetch_count=prefetch)
    return lost


def _lose(lost: Lost, error: BaseException | None) -> None:
    if not lost.done():
        lost.set_result("closed" if error is None else reason(error))


def _end(closing: "asyncio.Future[Any]") -> BaseException | None:
    return None if closing.cancelled() else closing.exception()


async def _closed(channel: PassingChannel) -> None:
    async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
        await channel.close()


async def settle(action: Awaitable[Any]) -> bool:
    """Acknowledge or reject a delivery. False if its connection is gone: then the delivery comes again."""
    try:
        with unavailable_when_lost():
            await action
    except BrokerUnavailable as error:
        log.info("delivery_not_settled", error=str(error))
        return False
    return True
