"""Queues: declared, counted, deleted, and what they do with what nobody takes."""

import asyncio

import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from kombu.utils.json import loads

from warren import audio, jobs, topology
from warren.broker import Broker, QueueCount, settle
from warren.errors import BrokerUnavailable
from warren.ids import new_id
from warren.jobs import JobMessage

from .parties import QUEUE, SECONDS, Chore, Taken, taken


async def test_declaring_again_changes_nothing(vhost: str) -> None:
    topology.declare(vhost)
    async with Broker(vhost, "test") as broker:
        await broker.ready()
        job = JobMessage.of(new_id("job"), Chore())
        await jobs.publish(broker, job)
        await asyncio.to_thread(topology.declare, vhost)
        await taken(broker, job.job_id).next()


async def test_a_rejected_job_goes_to_its_dead_letters_and_to_the_recorder(vhost: str) -> None:
    topology.declare(vhost)
    async with Broker(vhost, "test") as broker:
        await broker.ready()
        job = JobMessage.of(new_id("job"), Chore())

        async def reject(message: AbstractIncomingMessage) -> None:
            await settle(message.reject(requeue=False))

        async def listen(channel: AbstractChannel) -> None:
            await (await channel.get_queue(QUEUE, ensure=False)).consume(reject)

        broker.consume(listen)
        dead = Taken(broker, topology.dead_queue(QUEUE), lambda message: message.message_id == job.job_id)
        recorder = Taken(broker, topology.RECORDER, lambda message: message.message_id == job.job_id)
        await jobs.publish(broker, job)

        for queue in (dead, recorder):
            message = await queue.next()
            assert message.headers["x-first-death-queue"] == QUEUE
            assert loads(message.body)[1]["job_id"] == job.job_id


async def test_frames_of_a_stream_come_in_order_and_the_queue_refuses_what_comes_after_it_is_gone(
    broker: Broker,
) -> None:
    queue = topology.audio_queue(new_id("job"))
    stream_id = queue.bindings[0].routing_key
    await broker.declare(queue)
    await broker.declare(queue)
    sent = [audio.Frame(audio.FrameType.chunk, seq, seq * 4, b"abcd") for seq in range(1, 6)]
    sent.append(audio.Frame(audio.FrameType.end, 5, 20))
    for frame in sent:
        await audio.publish(broker, stream_id, frame)
    got: asyncio.Queue[audio.Frame] = asyncio.Queue()

    async def setup(channel: AbstractChannel) -> None:
        async def receive(message: AbstractIncomingMessage) -> None:
            got.put_nowait(audio.decode(message.properties, message.body))

        await (await channel.get_queue(queue.name, ensure=False)).consume(receive, no_ack=True)

    broker.consume(setup)
    async with asyncio.timeout(SECONDS):
        assert [await got.get() for _ in sent] == sent

    await broker.delete(queue)
    await broker.delete(queue)
    with pytest.raises(BrokerUnavailable):
        await audio.publish(broker, stream_id, sent[0])


async def test_messages_and_consumers_of_a_queue_are_counted(broker: Broker) -> None:
    queue = topology.audio_queue(new_id("job"))
    await broker.declare(queue)
    await audio.publish(broker, queue.bindings[0].routing_key, audio.Frame(audio.FrameType.keepalive, 0, 0))

    assert await broker.count(queue.name) == QueueCount(messages=1, consumers=0)
    await broker.delete(queue)
    with pytest.raises(BrokerUnavailable):
        await broker.count(queue.name)
