"""What is built on the connection comes back after RabbitMQ, or a queue, was away."""

import asyncio
import gc
import time

import pytest
from aio_pika.abc import AbstractChannel

from warren import control, jobs, topology
from warren.broker import Broker
from warren.embedded import EmbeddedRabbitMQ
from warren.errors import BrokerUnavailable
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.queries import QueryClient, QueryServer

from .parties import QUEUE, SECONDS, Chore, Echo, Echoed, asking_through_proxy, echo, taken, until_answered


async def test_everything_comes_back_after_rabbitmq_was_away(own_rabbitmq: EmbeddedRabbitMQ) -> None:
    await asyncio.to_thread(topology.declare, own_rabbitmq.url)
    cancelled: asyncio.Queue[str] = asyncio.Queue()
    listening: asyncio.Queue[float] = asyncio.Queue()

    async with Broker(own_rabbitmq.url, "test") as broker:
        control.listen(broker, cancelled.put_nowait, lambda: listening.put_nowait(time.monotonic()))
        QueryServer(broker, "gateway", {Echo: echo}).start()
        client = QueryClient(broker)
        client.start()
        job = JobMessage.of(new_id("job"), Chore())
        mine = taken(broker, job.job_id)

        for round_ in range(2):
            async with asyncio.timeout(60):
                await broker.ready()
                await listening.get()
            await until_answered(client)
            await control.broadcast_cancel(broker, "job_1")
            async with asyncio.timeout(SECONDS):
                assert await cancelled.get() == "job_1"
            await jobs.publish(broker, job)
            await mine.next()

            if round_ == 1:
                return
            # Not killed: RabbitMQ 3.10 loses a quorum queue for good if it dies within seconds of its declaration.
            await asyncio.to_thread(own_rabbitmq.stop)
            async with asyncio.timeout(SECONDS):
                while broker.connected:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            gc.collect()
            with pytest.raises(BrokerUnavailable):
                await jobs.publish(broker, job)
            await asyncio.to_thread(own_rabbitmq.start)


async def test_a_question_right_after_a_lost_connection_waits_until_its_answer_can_be_heard(vhost: str) -> None:
    answers: asyncio.Queue[Echoed] = asyncio.Queue()
    async with asking_through_proxy(vhost, {Echo: echo}) as (proxy, broker):
        client = QueryClient(broker)

        async def ask(_channel: AbstractChannel) -> None:
            answers.put_nowait(await client.ask(Echo(text="hello"), Echoed, timeout=SECONDS))

        # Before the client, so that it asks first.
        broker.consume(ask)
        client.start()
        for _ in range(3):
            # Less than a question that nobody answers takes: it would be asked again then.
            async with asyncio.timeout(SECONDS / 2):
                assert (await answers.get()).text == "hello"
            proxy.cut()


async def test_a_question_whose_answer_cannot_be_heard_any_more_fails_at_once(vhost: str) -> None:
    asked = asyncio.Event()

    async def never(query: Echo) -> Echoed:
        asked.set()
        await asyncio.Event().wait()
        return Echoed(text=query.text)

    async with asking_through_proxy(vhost, {Echo: never}) as (proxy, broker):
        client = QueryClient(broker)
        client.start()
        await broker.ready()
        question = asyncio.create_task(client.ask(Echo(text="hello"), Echoed, timeout=10 * SECONDS))
        async with asyncio.timeout(SECONDS):
            await asked.wait()
            proxy.cut()
            with pytest.raises(BrokerUnavailable):
                await question


async def test_a_consumer_whose_queue_is_deleted_goes_on_when_it_is_back(vhost: str) -> None:
    topology.declare(vhost)
    async with Broker(vhost, "test") as broker:
        await broker.ready()
        first, second = (JobMessage.of(new_id("job"), Chore()) for _ in range(2))
        mine = taken(broker, first.job_id, second.job_id)
        await jobs.publish(broker, first)
        await mine.next()

        mine.listening.clear()
        mine.trying.clear()
        deleted = asyncio.Event()

        async def delete(channel: AbstractChannel) -> None:
            if not deleted.is_set():
                await channel.queue_delete(QUEUE)
                deleted.set()

        broker.consume(delete)
        await deleted.wait()
        async with asyncio.timeout(SECONDS):
            # RabbitMQ tells nobody of a queue that is gone when it is there again at once.
            await mine.trying.wait()
        await asyncio.to_thread(topology.declare, vhost)
        async with asyncio.timeout(SECONDS):
            await mine.listening.wait()
        await jobs.publish(broker, second)
        assert (await mine.next()).message_id == second.job_id
