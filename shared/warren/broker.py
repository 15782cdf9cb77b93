"""One process's connection to RabbitMQ through aio-pika: it survives outages; a publish is confirmed or fails."""

import asyncio
from types import TracebackType
from typing import Any, Self

import aio_pika
import structlog
from aio_pika.abc import AbstractExchange, AbstractRobustChannel, AbstractRobustConnection

from warren import topology
from warren.errors import BrokerUnavailable

log = structlog.get_logger(__name__)

PUBLISH_TIMEOUT_SECONDS = 5.0
HEARTBEAT_SECONDS = 10
RECONNECT_SECONDS = 1.0

_LOST = (
    aio_pika.exceptions.AMQPError,
    aio_pika.exceptions.ChannelInvalidStateError,
    OSError,
    TimeoutError,
    RuntimeError,  # aiormq: "writer is None", "connection closed"
)


class Broker:
    """Use as `async with Broker(url, "gateway") as broker`. Entering does not wait for RabbitMQ: `ready()` does."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AbstractRobustConnection | None = None
        self._exchanges: dict[str, AbstractExchange] = {}
        self._ready = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._connecting = asyncio.create_task(self._connect(), name="broker-connect")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    @property
    def connected(self) -> bool:
        """Whether the connection is up at this moment."""
        return self._connection is not None and self._connection.connected.is_set()

    async def ready(self) -> None:
        """Wait until RabbitMQ was reached for the first time."""
        await self._ready.wait()

    async def channel(self, *, prefetch: int = 0) -> AbstractRobustChannel:
        """A channel for consuming, restored with its consumers after an outage. Waits for RabbitMQ."""
        await self.ready()
        assert self._connection is not None  # noqa: S101  set before _ready
        channel = self._connection.channel()
        await channel.initialize()
        if prefetch:
            await channel.set_qos(prefetch_count=prefetch)
        return channel

    def on_reconnect(self, callback: Any) -> None:
        """Call `callback(connection)` after each outage, when channels and consumers are back. Only once `ready()`."""
        assert self._connection is not None  # noqa: S101
        self._connection.reconnect_callbacks.add(callback)

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

        `properties` are those of `aio_pika.Message`. Raises `BrokerUnavailable` when that did not happen within
        `timeout` seconds, or no queue takes the message; it may have arrived all the same.
        """
        if not self.connected:
            raise BrokerUnavailable("RabbitMQ is not reachable")
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, **properties)
        try:
            # A fanout may have nobody listening; elsewhere a message that no queue takes would be lost.
            mandatory = topology.EXCHANGES.get(exchange) != "fanout"
            await self._exchanges[exchange].publish(message, routing_key, mandatory=mandatory, timeout=timeout)
        except asyncio.CancelledError:
            # aio-pika also raises this when a heartbeat kills the link under a waiting publish.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise BrokerUnavailable("connection lost while publishing") from None
        except _LOST as error:
            raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error

    async def reply(self, queue: str, body: bytes, **properties: Any) -> None:
        """Send a transient message straight to a reply queue; nobody may be waiting any more, which is fine."""
        message = aio_pika.Message(body, **properties)
        await self._exchanges[""].publish(message, queue, mandatory=False, timeout=PUBLISH_TIMEOUT_SECONDS)

    async def _connect(self) -> None:
        delay = 0.2
        while True:
            try:
                connection = await aio_pika.connect_robust(
                    self._url,
                    timeout=PUBLISH_TIMEOUT_SECONDS,
                    heartbeat=HEARTBEAT_SECONDS,
                    reconnect_interval=RECONNECT_SECONDS,
                    client_properties={"connection_name": self._name},
                )
                break
            except _LOST as error:
                log.warning("broker_unavailable", error=f"{type(error).__name__}: {error}", retry_seconds=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
        channel = connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.initialize()
        for name in (*topology.EXCHANGES, topology.DELAYED):
            self._exchanges[name] = await channel.get_exchange(name, ensure=False)
        self._exchanges[""] = channel.default_exchange
        self._connection = connection
        self._ready.set()
        log.info("broker_connected")
