"""Events: who is bound to a job hears of it."""

import asyncio
from datetime import UTC, datetime

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from warren import events, topology
from warren.broker import Broker
from warren.contracts.events import EventType, JobEvent
from warren.embedded import EmbeddedRabbitMQ
from warren.errors import BrokerUnavailable
from warren.ids import new_id

from .parties import SECONDS


async def events_heard(broker: Broker, *job_ids: str) -> "asyncio.Queue[bytes]":
    """What comes for who watches these jobs, from now on."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    bound = asyncio.Event()

    async def take(message: AbstractIncomingMessage) -> None:
        heard.put_nowait(message.body)

    async def listen(channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(new_id("test"), exclusive=True, auto_delete=True)
        for job_id in job_ids:
            await queue.bind(topology.EVENTS, events.watch_key(job_id))
        await queue.consume(take, no_ack=True)
        bound.set()

    broker.consume(listen)
    await bound.wait()
    return heard


async def test_events_reach_who_is_bound_to_their_job(broker: Broker) -> None:
    heard = await events_heard(broker, "job_mine")
    told = {
        job_id: JobEvent(job_id=job_id, run=1, n=1, type=EventType.started, at=datetime.now(UTC))
        for job_id in ("job_other", "job_mine")
    }
    for event in told.values():
        await events.publish(broker, "analyzer", [event])
    async with asyncio.timeout(SECONDS):
        [first] = events.decode(await heard.get())

    assert first == told["job_mine"]


async def test_events_of_many_jobs_share_messages_and_reach_those_who_watch_one(broker: Broker) -> None:
    heard = await events_heard(broker, "job_last", "job_8")
    sender = events.EventSender(broker, "analyzer")
    names = [*(f"job_{number}" for number in range(10)), "job_last"]
    await asyncio.gather(
        *(
            sender.send([JobEvent(job_id=name, run=1, n=1, type=EventType.started, at=datetime.now(UTC))])
            for name in names
        )
    )
    async with asyncio.timeout(SECONDS):
        batch = events.decode(await heard.get())

    assert [event.job_id for event in batch] == names
    assert heard.empty(), "once, though both of its jobs are watched"


async def test_a_live_event_needs_nobody_to_hear_it(broker: Broker) -> None:
    event = JobEvent(job_id=new_id("job"), run=1, n=0, type=EventType.live, at=datetime.now(UTC))
    heard: asyncio.Queue[JobEvent] = asyncio.Queue()
    listening = asyncio.Event()
    await events.publish_live(broker, "transcriber", event)

    async def setup(channel: AbstractChannel) -> None:
        async def receive(message: AbstractIncomingMessage) -> None:
            heard.put_nowait(events.decode(message.body)[0])

        queue = await channel.declare_queue(new_id("test.live"), exclusive=True)
        await queue.bind(topology.EVENTS, events.watch_key(event.job_id, live=True))
        await queue.consume(receive, no_ack=True)
        listening.set()

    broker.consume(setup)
    async with asyncio.timeout(SECONDS):
        await listening.wait()
        await events.publish_live(broker, "transcriber", event)
        assert await heard.get() == event


async def test_who_sends_events_hears_that_rabbitmq_is_away(rabbitmq: EmbeddedRabbitMQ) -> None:
    broker = Broker(rabbitmq.url, "test")
    sender = events.EventSender(broker, "analyzer")
    event = JobEvent(job_id="job_1", run=1, n=1, type=EventType.started, at=datetime.now(UTC))

    for told in await asyncio.gather(*(sender.send([event]) for _ in range(3)), return_exceptions=True):
        assert isinstance(told, BrokerUnavailable)
