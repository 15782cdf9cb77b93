"""Channels that come and go while the connection stays."""

import asyncio
import gc
import weakref
from typing import Any

import pytest
from aiormq.abc import DeliveredMessage
from yarl import URL

from warren import audio, topology
from warren.audio import Frame, FrameType
from warren.broker import Broker
from warren.errors import BrokerUnavailable
from warren.testing.proxy import Proxy

from .parties import SECONDS

STREAM = "job_channels"
ROUNDS = 8


@pytest.fixture
def queue() -> topology.Queue:
    return topology.audio_queue(STREAM)


async def take_one(broker: Broker, queue: topology.Queue) -> bytes:
    """What the one message in the queue says, by all that a stream does with channels."""
    await broker.declare(queue)
    await audio.publish(broker, STREAM, Frame(FrameType.chunk, 1, 0, b"sound"))
    inbox: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
    async with broker.channel(prefetch=5) as (channel, _):
        await channel.basic_consume(queue.name, inbox.put)
        async with asyncio.timeout(SECONDS):
            message = await inbox.get()
        assert message.delivery_tag is not None
        await channel.basic_ack(message.delivery_tag)
    assert (await broker.count(queue.name)).messages == 0
    await broker.delete(queue)
    return audio.decode(message.header.properties, message.body).body


async def test_channels_leave_nothing_behind_on_their_connection(
    broker: Broker, queue: topology.Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: weakref.WeakSet[asyncio.Future[Any]] = weakref.WeakSet()
    loop = asyncio.get_running_loop()
    create_future = loop.create_future

    def remembered() -> "asyncio.Future[Any]":
        future = create_future()
        made.add(future)
        return future

    def kept() -> int:
        gc.collect()
        return len(made)

    monkeypatch.setattr(loop, "create_future", remembered)
    assert await take_one(broker, queue) == b"sound"
    before = kept()
    for _ in range(ROUNDS):
        await take_one(broker, queue)
    assert kept() - before < ROUNDS


async def test_the_loss_of_a_channel_is_told_when_its_queue_is_deleted(broker: Broker, queue: topology.Queue) -> None:
    await broker.declare(queue)
    inbox: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
    async with broker.channel() as (channel, lost), asyncio.timeout(SECONDS):
        await channel.basic_consume(queue.name, inbox.put)
        await broker.delete(queue)
        assert await lost == "closed"


async def test_the_loss_of_a_channel_is_told_when_its_connection_is_cut(shared_vhost: str) -> None:
    port = URL(shared_vhost).port
    assert port is not None
    async with Proxy(port) as proxy, Broker(proxy.url(shared_vhost), "test") as broker:
        await broker.ready()
        async with broker.channel() as (_, lost), asyncio.timeout(SECONDS):
            proxy.cut()
            assert await lost != "closed"


async def test_a_channel_needs_a_connection() -> None:
    async with Broker("amqp://127.0.0.1:1/", "test") as broker:
        with pytest.raises(BrokerUnavailable, match="not reachable"):
            async with broker.channel():
                raise AssertionError("there is none")
