"""RabbitMQ lets each service's user do that service's work, and refuses it everybody else's."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import aio_pika
import httpx2
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq.exceptions import ChannelAccessRefused

from warren import access, audio, control, events, jobs, topology
from warren.broker import Broker
from warren.contracts.events import EventType, JobEvent
from warren.contracts.gateway import JobStates, JobStatesQuery
from warren.embedded import EmbeddedRabbitMQ
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.queries import QueryClient, QueryServer
from warren.testing.processes import Programs, until
from warren.testing.script import JOURNAL, Journal, Script

from .conftest import PASSWORD, UrlOf

SECONDS = 60.0
WORKERS = ("analyzer", "transcriber", "digest")


@pytest.fixture
async def gateway(url_of: UrlOf) -> AsyncIterator[Broker]:
    """The gateway's side of what services need, as the gateway's user."""

    async def states(_: JobStatesQuery) -> JobStates:
        return JobStates()

    async with Broker(url_of("gateway"), "gateway") as broker:
        await broker.ready()
        QueryServer(broker, "gateway", {JobStatesQuery: states}).start()
        yield broker


@pytest.mark.parametrize("service", access.SERVICES)
async def test_a_service_can_do_its_work(service: str, url_of: UrlOf, gateway: Broker) -> None:
    queues = access.own_job_queues(service)
    assert queues
    consuming, listening, cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def consume(channel: AbstractChannel) -> None:
        names = [*queues, *([topology.query_queue(service)] if service in topology.QUERY_QUEUES else [])]
        for name in names:
            await (await channel.get_queue(name, ensure=False)).consume(_take)
        consuming.set()

    async with Broker(url_of(service), service) as broker, asyncio.timeout(SECONDS):
        await broker.ready()
        broker.consume(consume)
        await consuming.wait()
        client = QueryClient(broker)
        client.start()
        assert await client.ask(JobStatesQuery(job_ids=("job_1",)), JobStates, timeout=SECONDS) == JobStates()
        control.listen(broker, lambda _: cancelled.set(), listening.set)
        await listening.wait()
        await control.broadcast_cancel(gateway, "job_1")
        await cancelled.wait()
        await events.publish(broker, service, [_event(), _event()])
        await events.publish_live(broker, service, _event())
        for queue in queues:
            await jobs.publish(broker, _job(queue))
            await jobs.publish(broker, _job(queue), delay=1)


async def test_the_gateway_accepts_jobs_for_all_and_hears_what_becomes_of_them(url_of: UrlOf) -> None:
    heard = asyncio.Event()
    event = _event()

    async def hear(_: AbstractIncomingMessage) -> None:
        heard.set()

    async def watch(channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(new_id("gateway.watch"), exclusive=True, auto_delete=True)
        await queue.bind(topology.EVENTS, events.watch_key(event.job_id))
        await queue.consume(hear, no_ack=True)
        await (await channel.get_queue(topology.RECORDER, ensure=False)).consume(_take)
        await events.publish(broker, "gateway", [event])

    async with Broker(url_of("gateway"), "gateway") as broker, asyncio.timeout(SECONDS):
        await broker.ready()
        for queue in topology.JOB_QUEUES:
            await jobs.publish(broker, _job(queue))
        broker.consume(watch)
        await heard.wait()
        assert (await broker.count(access.STREAM_JOBS)).consumers == 0
        await broker.publish(topology.DEAD, topology.RECORDER, b"{}")


async def test_both_ends_of_a_live_stream_make_its_queue(url_of: UrlOf, gateway: Broker) -> None:
    queue = topology.audio_queue(new_id("job"))
    heard = asyncio.Event()

    async def hear(_: AbstractIncomingMessage) -> None:
        heard.set()

    async def listen(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue.name, ensure=False)).consume(hear, no_ack=True)

    async with Broker(url_of("transcriber"), "transcriber") as transcriber, asyncio.timeout(SECONDS):
        await transcriber.ready()
        await gateway.declare(queue)
        await transcriber.declare(queue)
        transcriber.consume(listen)
        await audio.publish(gateway, queue.bindings[0].routing_key, audio.Frame(audio.FrameType.keepalive, 0, 0))
        await heard.wait()
        await transcriber.delete(queue)


async def test_a_worker_and_a_clock_run_as_their_service(url_of: UrlOf, tmp_path: Path) -> None:
    """Celery's part too: jobs, a retry after a delay, task events for Flower, and what Beat sends."""
    journal = Journal(tmp_path / "journal")
    environment = {
        "WARREN_BROKER_URL": url_of("analyzer"),
        "WARREN_BLOBS_URL": (tmp_path / "blobs").as_uri(),
        "WARREN_CELERY_EVENTS": "true",
        JOURNAL: str(tmp_path / "journal"),
    }
    programs = Programs(environment, tmp_path)
    async with Broker(url_of("gateway"), "gateway") as gateway:
        await gateway.ready()
        try:
            await programs.worker("warren.testing.script")
            programs.start("clock", sys.executable, "-m", "warren.testing.script", "beat")
            retried = JobMessage.of(new_id("job"), Script(runs=(("transient 1",), ("progress well",))))
            await jobs.publish(gateway, retried)
            await until(lambda: (2, "end") in journal.of(retried.job_id), SECONDS, "the second run")
            await until(lambda: "progress 20" in (tmp_path / "journal").read_text(), SECONDS, "a job of the clock")
        finally:
            await programs.end()


Attempt = Callable[[AbstractChannel], Awaitable[object]]


def _consuming(queue: str) -> Attempt:
    async def attempt(channel: AbstractChannel) -> object:
        return await (await channel.get_queue(queue, ensure=False)).consume(_take)

    return attempt


def _deleting(queue: str) -> Attempt:
    return lambda channel: channel.queue_delete(queue)


def _publishing(exchange: str, key: str) -> Attempt:
    async def attempt(channel: AbstractChannel) -> object:
        return await (await channel.get_exchange(exchange, ensure=False)).publish(aio_pika.Message(b"{}"), key)

    return attempt


def _spying(exchange: str) -> Attempt:
    async def attempt(channel: AbstractChannel) -> object:
        queue = await channel.declare_queue(new_id("warren.reply"), exclusive=True, auto_delete=True)
        return await queue.bind(exchange, "#")

    return attempt


def _declaring(exchange: str) -> Attempt:
    return lambda channel: channel.declare_exchange(exchange, "topic", durable=True)


def _refusals(service: str) -> dict[str, Attempt]:
    others = [queue for queue in topology.JOB_QUEUES if queue not in access.own_job_queues(service)]
    other, own = others[0], access.own_job_queues(service)[0]
    asked = next(topology.query_queue(name) for name in topology.QUERY_QUEUES if name != service)
    return {
        "consume another's jobs": _consuming(other),
        "consume dead jobs": _consuming(topology.dead_queue(own)),
        "answer another's queries": _consuming(asked),
        "delete its own queue": _deleting(own),
        "delete another's queue": _deleting(other),
        "send past the exchanges": _publishing("", other),
        "speak as another": _publishing(topology.EVENTS, "nobody.job_1.completed"),
        "change an exchange": _declaring(topology.EVENTS),
        "make an exchange": _declaring("warren.mine"),
        "make a queue": lambda channel: channel.declare_queue("mine", durable=True),
    }


def _worker_refusals(service: str) -> dict[str, Attempt]:
    """What only the gateway may do."""
    other = next(queue for queue in topology.JOB_QUEUES if queue not in access.own_job_queues(service))
    refusals = {
        "send jobs to another": _publishing(topology.JOBS, other),
        "send jobs to another later": _publishing(topology.DELAYED, f"{'0.' * 27}1.{other}"),
        "consume events": _consuming(topology.RECORDER),
        "see everybody's events": _spying(topology.EVENTS),
        "see everybody's jobs": _spying(topology.JOBS),
        "cancel jobs": _publishing(topology.CONTROL, ""),
        "bury jobs": _publishing(topology.DEAD, other),
        "speak in a stream": _publishing(topology.AUDIO, "job_1"),
    }
    if service != "transcriber":
        refusals["hear streams"] = _spying(topology.AUDIO)
    return refusals


CASES = [
    pytest.param(service, attempt, id=f"{service}: {name}")
    for service in access.SERVICES
    for name, attempt in (_refusals(service) | (_worker_refusals(service) if service in WORKERS else {})).items()
] + [
    pytest.param(user, attempt, id=f"{user}: {name}")
    for user in ("flower", "monitor")
    for name, attempt in (_refusals("gateway") | _worker_refusals("gateway")).items()
    if user == "flower" or "its own" not in name
]  # fmt: skip


@pytest.mark.parametrize(("user", "attempt"), CASES)
async def test_what_is_not_its_own_is_refused(user: str, attempt: Attempt, url_of: UrlOf) -> None:
    async with _channel(url_of(user)) as channel, asyncio.timeout(SECONDS):
        with pytest.raises(ChannelAccessRefused):
            await attempt(channel)


async def test_the_monitor_sees_how_long_queues_are(rabbitmq: EmbeddedRabbitMQ, url_of: UrlOf) -> None:
    assert url_of("monitor")
    api = f"http://127.0.0.1:{rabbitmq.management_port}/api/queues/deployed/analyzer"
    async with httpx2.AsyncClient(trust_env=False, auth=("monitor", PASSWORD)) as http:
        assert (await http.get(api)).json()["name"] == "analyzer"
        assert (await http.delete(api)).status_code in {401, 403}


def _event() -> JobEvent:
    return JobEvent(job_id=new_id("job"), run=1, n=0, type=EventType.started, at=datetime.now(UTC))


def _job(queue: str) -> JobMessage:
    return JobMessage(job_id=new_id("job"), kind="test.nothing", queue=queue, payload={})


async def _take(message: AbstractIncomingMessage) -> None:
    await message.ack()


@contextlib.asynccontextmanager
async def _channel(url: str) -> AsyncIterator[AbstractChannel]:
    connection = await aio_pika.connect(url)
    async with connection, connection.channel() as channel:
        yield channel
