"""Watching jobs: each event once and in order, whatever is lost, late or doubled on the way."""

import asyncio
import base64
import json
import urllib.request
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from gateway.models import jobs
from gateway.watches import LIVE_EVENTS, START, Position, Watches
from warren import topology
from warren.contracts.events import EventBatch, EventType, JobEvent
from warren.embedded import EmbeddedRabbitMQ

from .support import SECONDS, RunningGateway, receive, send, until


@pytest.fixture
def watches(gateway: RunningGateway) -> Watches:
    return gateway.parts.watches


@pytest.fixture
async def job_id(gateway: RunningGateway) -> str:
    return str((await gateway.http.ask())["id"])


Bindings = Callable[[], set[str]]


@pytest.fixture
def bindings(rabbitmq: EmbeddedRabbitMQ) -> Bindings:
    """The jobs whose events some gateway's queue is bound to now."""
    url = urlsplit(rabbitmq.management_url)
    address = f"http://127.0.0.1:{url.port}/api/exchanges/gateway/{topology.EVENTS}/bindings/source"
    login = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def read() -> set[str]:
        with opener.open(urllib.request.Request(address, headers={"Authorization": f"Basic {login}"})) as response:
            return {item["routing_key"] for item in json.load(response) if item["destination"] != topology.RECORDER}

    return read


async def ids(events: AsyncGenerator[JobEvent], count: int | None = None) -> list[str]:
    """Ids of all events, or of the first few."""
    seen: list[str] = []
    async with asyncio.timeout(SECONDS), aclosing(events):
        async for event in events:
            seen.append(event.id)
            if len(seen) == count:
                break
    return seen


async def record_only(gateway: RunningGateway, *events: JobEvent) -> None:
    """Events that the recorder gets and watchers do not, as if they were lost on the way to these."""
    body = EventBatch(events=events).model_dump_json().encode()
    await gateway.parts.broker.publish("", topology.RECORDER, body)


async def watching(gateway: RunningGateway, job_id: str, bindings: Bindings) -> None:
    """Wait until somebody watches."""
    await until(lambda: f"*.{job_id}.*" in bindings())


async def test_every_event_comes_once_and_in_order_and_the_end_ends_it(
    gateway: RunningGateway, watches: Watches, job_id: str
) -> None:
    watched = asyncio.create_task(ids(watches.events(job_id)))
    run = gateway.run(job_id)
    await run.start()
    for _ in range(5):
        await run.progress()
    await run.complete()

    assert await watched == ["0-0", *(f"1-{n}" for n in range(1, 8))]


async def test_a_finished_job_is_told_from_the_log(gateway: RunningGateway, watches: Watches, job_id: str) -> None:
    await gateway.run(job_id).finish()
    await gateway.http.ended(job_id)

    assert await ids(watches.events(job_id)) == ["0-0", "1-1", "1-2"]


@pytest.mark.parametrize(("after", "rest"), [((0, 0), ["1-1", "1-2"]), ((1, 1), ["1-2"]), ((1, 2), []), ((7, 7), [])])
async def test_watching_goes_on_after_the_last_event_seen(
    gateway: RunningGateway, watches: Watches, job_id: str, after: Position, rest: list[str]
) -> None:
    live = asyncio.create_task(ids(watches.events(job_id, after)))
    await gateway.run(job_id).finish()

    assert await live == rest
    assert await ids(watches.events(job_id, after)) == rest


async def test_an_event_lost_on_the_way_is_read_from_the_log(
    gateway: RunningGateway, watches: Watches, job_id: str, bindings: Bindings
) -> None:
    watched = asyncio.create_task(ids(watches.events(job_id)))
    await watching(gateway, job_id, bindings)
    run = gateway.run(job_id)
    await record_only(gateway, run.next(EventType.started), run.next(EventType.progress))
    await run.progress()
    await run.complete()

    assert await watched == ["0-0", "1-1", "1-2", "1-3", "1-4"]


async def test_a_gap_is_closed_while_events_keep_coming(
    gateway: RunningGateway, watches: Watches, job_id: str, bindings: Bindings
) -> None:
    watched = asyncio.create_task(ids(watches.events(job_id), count=3))
    await watching(gateway, job_id, bindings)
    run = gateway.run(job_id)
    await record_only(gateway, run.next(EventType.started))

    async def keep_talking() -> None:
        while True:
            await run.progress()

    talking = asyncio.create_task(keep_talking())
    try:
        assert await watched == ["0-0", "1-1", "1-2"]
    finally:
        talking.cancel()


async def test_a_lost_end_is_found_without_another_event(
    gateway: RunningGateway, watches: Watches, job_id: str, bindings: Bindings
) -> None:
    watched = asyncio.create_task(ids(watches.events(job_id)))
    await watching(gateway, job_id, bindings)
    run = gateway.run(job_id)
    await record_only(gateway, run.next(EventType.started), run.next(EventType.completed, result={}))

    assert await watched == ["0-0", "1-1", "1-2"]


async def test_what_was_published_before_the_watch_and_recorded_after_is_not_missed(
    gateway: RunningGateway, watches: Watches, job_id: str, bindings: Bindings
) -> None:
    async with gateway.parts.database.transaction() as connection:
        await connection.execute(sa.select(jobs).where(jobs.c.id == job_id).with_for_update())  # the recorder waits
        await gateway.run(job_id).finish()
        watched = asyncio.create_task(ids(watches.events(job_id)))
        await watching(gateway, job_id, bindings)

    assert await watched == ["0-0", "1-1", "1-2"]


async def test_a_new_run_follows_the_one_that_died(gateway: RunningGateway, watches: Watches, job_id: str) -> None:
    watched = asyncio.create_task(ids(watches.events(job_id)))
    first = gateway.run(job_id, 1)
    await first.start()
    await first.progress()
    await gateway.run(job_id, 2).finish()

    assert await watched == ["0-0", "1-1", "1-2", "2-1", "2-2"]


async def test_a_run_that_was_given_up_is_heard_no_more(gateway: RunningGateway, watches: Watches, job_id: str) -> None:
    watched = asyncio.create_task(ids(watches.events(job_id)))
    old, new = gateway.run(job_id, 1), gateway.run(job_id, 2)
    await old.start()
    await new.start()
    await gateway.recorded()
    await old.complete()
    await new.progress()
    await new.complete()

    assert await watched == ["0-0", "1-1", "2-1", "2-2", "2-3"]


async def test_an_event_delivered_twice_is_told_once(gateway: RunningGateway, watches: Watches, job_id: str) -> None:
    watched = asyncio.create_task(ids(watches.events(job_id)))
    run = gateway.run(job_id)
    started, progress = run.next(EventType.started), run.next(EventType.progress)
    for events in ([started], [started, progress], [progress], [started]):
        await run.tell(*events)
    await run.complete()

    assert await watched == ["0-0", "1-1", "1-2", "1-3"]


async def test_a_watcher_that_falls_far_behind_catches_up(
    gateway: RunningGateway, watches: Watches, job_id: str
) -> None:
    run = gateway.run(job_id)
    async with aclosing(watches.events(job_id)) as happening:
        seen = [(await anext(happening)).id]
        await run.start()
        for _ in range(30):
            await run.tell(*(run.next(EventType.progress) for _ in range(100)))
        await run.complete()
        async with asyncio.timeout(SECONDS):
            seen += [event.id async for event in happening]

    assert LIVE_EVENTS < 3000
    assert seen == ["0-0", *(f"1-{n}" for n in range(1, 3003))]


async def test_many_watch_the_same_job_and_many_jobs_are_watched(gateway: RunningGateway, watches: Watches) -> None:
    made = [(await gateway.http.ask())["id"] for _ in range(5)]
    watched = [asyncio.create_task(ids(watches.events(job_id))) for job_id in made for _ in range(20)]
    for job_id in made:
        await gateway.run(job_id).finish()

    assert await asyncio.gather(*watched) == [["0-0", "1-1", "1-2"]] * 100


async def test_a_requeued_job_is_watched_to_its_real_end(
    gateway: RunningGateway, watches: Watches, job_id: str
) -> None:
    dead = gateway.run(job_id, 1)
    await dead.start()
    await dead.fail("job.dead_letter", "The workers died.")
    await gateway.http.ended(job_id)
    reopened = JobEvent(job_id=job_id, run=9, n=0, type=EventType.requeued, at=dead.next(EventType.started).at)
    await dead.tell(reopened)
    await gateway.recorded()
    watched = asyncio.create_task(ids(watches.events(job_id)))
    await gateway.run(job_id, 9).finish()

    assert await watched == ["0-0", "1-1", "1-2", "9-0", "9-1", "9-2"]


async def test_a_job_that_is_purged_while_it_is_watched_ends_the_watch(
    gateway: RunningGateway, watches: Watches, job_id: str, bindings: Bindings
) -> None:
    watched = asyncio.create_task(ids(watches.events(job_id)))
    await watching(gateway, job_id, bindings)
    await gateway.rows(sa.delete(jobs).where(jobs.c.id == job_id))

    assert await watched == ["0-0"]
    assert await ids(watches.events("job_unknown")) == []


async def test_waiting_for_an_end_gives_up_in_time(gateway: RunningGateway, watches: Watches, job_id: str) -> None:
    assert not await watches.ended(job_id, 0.2)
    await gateway.run(job_id).finish()
    assert await watches.ended(job_id, SECONDS)


# Bindings -------------------------------------------------------------------------------------------------------------


async def test_no_binding_is_left_when_the_last_watcher_of_a_job_is_gone(
    gateway: RunningGateway, watches: Watches, job_id: str, bindings: Bindings
) -> None:
    one, other = (asyncio.create_task(ids(watches.events(job_id))) for _ in range(2))
    await watching(gateway, job_id, bindings)
    one.cancel()
    await asyncio.wait({one})
    assert bindings() == {f"*.{job_id}.*"}

    await gateway.run(job_id).finish()
    await other
    await until(lambda: bindings() == set())


async def test_a_watcher_cancelled_at_any_moment_leaves_no_binding(
    gateway: RunningGateway, watches: Watches, job_id: str, bindings: Bindings
) -> None:
    for steps in range(12):
        task = asyncio.create_task(ids(watches.events(job_id)))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    await until(lambda: bindings() == set())

    watched = asyncio.create_task(ids(watches.events(job_id)))
    await gateway.run(job_id).finish()
    assert await watched == ["0-0", "1-1", "1-2"]


async def test_a_client_that_leaves_a_stream_leaves_no_binding(
    gateway: RunningGateway, job_id: str, bindings: Bindings
) -> None:
    async with gateway.http.stream("GET", f"/v1/jobs/{job_id}/events") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        await watching(gateway, job_id, bindings)

    await until(lambda: bindings() == set())


async def test_a_client_that_leaves_a_socket_leaves_no_binding(
    gateway: RunningGateway, job_id: str, bindings: Bindings
) -> None:
    async with gateway.connect("/v1/events") as socket:
        await send(socket, type="watch", job_id=job_id)
        await receive(socket)
        await watching(gateway, job_id, bindings)
        socket.transport.abort()

    await until(lambda: bindings() == set())


async def test_a_job_no_longer_watched_on_a_socket_is_unbound(
    gateway: RunningGateway, job_id: str, bindings: Bindings
) -> None:
    async with gateway.connect("/v1/events") as socket:
        await send(socket, type="watch", job_id=job_id)
        await receive(socket)
        await watching(gateway, job_id, bindings)
        await send(socket, type="unwatch", job_id=job_id)
        await until(lambda: bindings() == set())
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


def test_the_start_lies_before_every_event() -> None:
    assert START < (0, 0)
