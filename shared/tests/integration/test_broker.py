"""The connection to RabbitMQ, and what is built on it: publishing, jobs, queries, control."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from kombu.utils.json import loads

from warren import audio, control, events, jobs, topology
from warren.broker import Broker, QueueCount, settle
from warren.contracts.base import JobPayload, Message, Query
from warren.contracts.events import EventType, JobEvent
from warren.embedded import EmbeddedRabbitMQ
from warren.errors import BrokerUnavailable, QueryTimeout
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.queries import QueryClient, QueryHandlers, QueryRefused, QueryServer

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


class Unanswered(Query):
    name: ClassVar[str] = "gateway.unanswered"


class Nobody(Query):
    name: ClassVar[str] = "nobody.there"


@pytest.fixture
async def broker(shared_vhost: str) -> AsyncIterator[Broker]:
    async with Broker(shared_vhost, "test") as broker:
        await broker.ready()
        yield broker


class Taken:
    """Messages taken from a queue, of those that the test itself sent."""

    def __init__(self, broker: Broker, queue: str, mine: Callable[[AbstractIncomingMessage], bool]) -> None:
        self._messages: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._queue = queue
        self._mine = mine
        self._broker = broker
        self.listening = asyncio.Event()
        broker.consume(self._listen)

    async def _listen(self, channel: AbstractChannel) -> None:
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


# Publishing -----------------------------------------------------------------------------------------------------------


async def test_a_confirmed_message_is_in_its_queue(broker: Broker) -> None:
    job = JobMessage.of(new_id("job"), Chore(what="sweep"), trace={"traceparent": "00-1-2-01"})
    await jobs.publish(broker, job)
    message = await taken(broker, job.job_id).next()
    _, keywords, _ = loads(message.body)

    assert message.headers["task"] == "gateway.chore"
    assert message.headers["traceparent"] == "00-1-2-01"
    assert (message.message_id, message.correlation_id) == (job.job_id, job.job_id)
    assert JobMessage.model_validate({**keywords, "kind": job.kind, "queue": job.queue, "trace": job.trace}) == job


async def test_what_people_ask_does_not_stand_in_the_headers(broker: Broker) -> None:
    """Celery's logs and Flower show these."""
    _, headers = jobs.encode(JobMessage.of("job_1", Chore(what="my diagnosis")))

    assert "diagnosis" not in str(headers)


async def test_a_message_that_no_queue_takes_fails(broker: Broker) -> None:
    with pytest.raises(BrokerUnavailable):
        await broker.publish(topology.JOBS, "no-such-queue", b"{}")
    await jobs.publish(broker, JobMessage.of(new_id("job"), Chore()))


async def test_a_broadcast_that_nobody_hears_is_fine(vhost: str) -> None:
    topology.declare(vhost)
    async with Broker(vhost, "test") as broker:
        await broker.ready()
        await control.broadcast_cancel(broker, "job_1")


async def test_a_delayed_job_comes_after_its_delay_and_not_before(broker: Broker) -> None:
    job = JobMessage.of(new_id("job"), Chore())
    mine = taken(broker, job.job_id)
    started = time.monotonic()
    await jobs.publish(broker, job, delay=0.4)  # rounded up: the broker counts whole seconds
    await mine.next()

    assert 0.9 <= time.monotonic() - started < SECONDS


async def test_many_publish_at_once(broker: Broker) -> None:
    ids = [new_id("job") for _ in range(300)]
    mine = taken(broker, *ids)
    await asyncio.gather(*(jobs.publish(broker, JobMessage.of(job_id, Chore())) for job_id in ids))

    assert {(await mine.next()).message_id for _ in ids} == set(ids)


async def test_publishing_before_rabbitmq_was_reached_fails_at_once() -> None:
    async with Broker("amqp://nobody:nothing@127.0.0.1:1/", "test") as broker:
        with pytest.raises(BrokerUnavailable):
            await control.broadcast_cancel(broker, "job_1")
        assert not broker.connected


async def test_a_publish_that_is_cancelled_is_cancelled(broker: Broker) -> None:
    publishing = asyncio.create_task(jobs.publish(broker, JobMessage.of(new_id("job"), Chore())))
    await asyncio.sleep(0)
    publishing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await publishing
    await jobs.publish(broker, JobMessage.of(new_id("job"), Chore()))


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


async def test_who_sends_events_hears_that_rabbitmq_is_away(rabbitmq: EmbeddedRabbitMQ) -> None:
    broker = Broker(rabbitmq.url, "test")
    sender = events.EventSender(broker, "analyzer")
    event = JobEvent(job_id="job_1", run=1, n=1, type=EventType.started, at=datetime.now(UTC))

    for told in await asyncio.gather(*(sender.send([event]) for _ in range(3)), return_exceptions=True):
        assert isinstance(told, BrokerUnavailable)


# Queries --------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def client(broker: Broker) -> QueryClient:
    async def echo(query: Echo) -> Echoed:
        await asyncio.sleep(query.seconds)
        if query.text == "refuse":
            raise QueryRefused("echo.refused", "I will not say that.")
        if query.text == "crash":
            raise RuntimeError("secret of the inside")
        return Echoed(text=query.text)

    answers: QueryHandlers = {Echo: echo}
    QueryServer(broker, "gateway", answers).start()
    client = QueryClient(broker)
    client.start()
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await client.ask(Echo(), Echoed, timeout=1)
            except (BrokerUnavailable, QueryTimeout):
                await asyncio.sleep(0.01)
            else:
                return client


async def test_a_question_is_answered(client: QueryClient) -> None:
    assert await client.ask(Echo(text="hello"), Echoed) == Echoed(text="hello")


async def test_everybody_gets_the_answer_to_his_own_question(client: QueryClient) -> None:
    texts = [str(n) for n in range(100)]
    answers = await asyncio.gather(*(client.ask(Echo(text=text), Echoed) for text in texts))

    assert [answer.text for answer in answers] == texts


async def test_a_slow_answer_holds_up_no_other_and_comes_too_late(client: QueryClient) -> None:
    slow = asyncio.create_task(client.ask(Echo(text="slow", seconds=5), Echoed, timeout=0.3))
    assert await client.ask(Echo(text="quick"), Echoed) == Echoed(text="quick")

    with pytest.raises(QueryTimeout, match=r"gateway\.echo"):
        await slow


@pytest.mark.parametrize(
    ("query", "code"),
    [(Echo(text="refuse"), "echo.refused"), (Echo(text="crash"), "query.failed"), (Unanswered(), "query.unknown")],
)
async def test_a_question_that_cannot_be_answered_says_why(client: QueryClient, query: Query, code: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        await client.ask(query, Echoed)

    assert refused.value.code == code
    assert "secret" not in refused.value.message


async def test_an_answer_of_another_shape_is_an_error_of_its_own(client: QueryClient) -> None:
    class Other(Message):
        number: int

    with pytest.raises(QueryRefused) as refused:
        await client.ask(Echo(text="hello"), Other)

    assert refused.value.code == "query.unreadable"


async def test_a_service_that_is_not_there_is_noticed_at_once(client: QueryClient) -> None:
    with pytest.raises(BrokerUnavailable):
        await client.ask(Nobody(), Echoed, timeout=SECONDS)


# Outages --------------------------------------------------------------------------------------------------------------


async def test_everything_comes_back_after_rabbitmq_was_away(own_rabbitmq: EmbeddedRabbitMQ) -> None:
    await asyncio.to_thread(topology.declare, own_rabbitmq.url)
    cancelled: asyncio.Queue[str] = asyncio.Queue()
    listening: asyncio.Queue[float] = asyncio.Queue()

    async def echo(query: Echo) -> Echoed:
        return Echoed(text=query.text)

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


async def until_answered(client: QueryClient) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await client.ask(Echo(), Echoed, timeout=1)
            except (BrokerUnavailable, QueryTimeout):
                await asyncio.sleep(0.05)
            else:
                return


async def test_a_consumer_whose_queue_is_deleted_goes_on_when_it_is_back(vhost: str) -> None:
    topology.declare(vhost)
    async with Broker(vhost, "test") as broker:
        await broker.ready()
        first, second = (JobMessage.of(new_id("job"), Chore()) for _ in range(2))
        mine = taken(broker, first.job_id, second.job_id)
        await jobs.publish(broker, first)
        await mine.next()

        mine.listening.clear()
        deleted = asyncio.Event()

        async def delete(channel: AbstractChannel) -> None:
            if not deleted.is_set():
                await channel.queue_delete(QUEUE)
                deleted.set()

        broker.consume(delete)
        await deleted.wait()
        await asyncio.to_thread(topology.declare, vhost)
        async with asyncio.timeout(SECONDS):
            await mine.listening.wait()
        await jobs.publish(broker, second)
        assert (await mine.next()).message_id == second.job_id


# Topology -------------------------------------------------------------------------------------------------------------


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
            got.put_nowait(audio.decode(message))

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
