"""A cancelled job stops at once if it runs, and never runs if it does not."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx2
import psutil
import pytest
from yarl import URL

from warren.contracts.events import EventType
from warren.embedded import EmbeddedRabbitMQ
from warren.testing.processes import Program, Programs, until
from warren.testing.script import Journal

from .conftest import WORKER
from .desk import Desk, finished

CANCEL_SECONDS = 1.0


async def close_connection(rabbitmq: EmbeddedRabbitMQ, vhost: str, name: str) -> None:
    """Have RabbitMQ close the connections of this name."""
    async with httpx2.AsyncClient(base_url=rabbitmq.management_url, trust_env=False) as management:

        async def found() -> list[str]:
            answer = await management.get(f"vhosts{URL(vhost).path}/connections")
            return [c["name"] for c in answer.json() if c.get("client_properties", {}).get("connection_name") == name]

        async with asyncio.timeout(20):
            while not (names := await found()):  # noqa: ASYNC110  RabbitMQ tells nobody
                await asyncio.sleep(0.1)
        for connection in names:
            (await management.delete(f"connections/{quote(connection)}")).raise_for_status()


@pytest.mark.parametrize("step", ["spin", "sleep 600", "child 600"])
async def test_a_running_job_is_cancelled_within_a_second(
    desk: Desk, shared_worker: Program, shared_journal: Journal, step: str
) -> None:
    job = await desk.submit(("progress running", step))
    await desk.event(job, EventType.progress)
    asked = datetime.now(UTC)
    await desk.cancel(job)
    end = await desk.end(job)
    assert end.type is EventType.cancelled
    assert end.at - asked < timedelta(seconds=CANCEL_SECONDS)
    assert (1, "end") not in shared_journal.of(job)
    assert psutil.Process(shared_worker.pid).children() == [], "what the job started ends with it"


async def test_a_queued_job_that_is_cancelled_never_runs(desk: Desk, shared_journal: Journal) -> None:
    busy = [await desk.submit(("progress running", "sleep 600")) for _ in range(4)]
    for job in busy:
        await desk.event(job, EventType.progress)
    waiting = await desk.submit(())
    await desk.cancel(waiting)
    for job in busy:
        await desk.cancel(job)
    end = await desk.end(waiting)
    assert end.type is EventType.cancelled
    assert desk.types(waiting) == ["cancelled"]
    assert shared_journal.runs(waiting) == []


async def test_a_job_cancelled_while_no_worker_lived_never_runs(
    programs: Programs, own_desk: Desk, journal: Journal
) -> None:
    cancelled, ended, wanted = [await own_desk.submit(()) for _ in range(3)]
    await own_desk.cancel(cancelled)
    own_desk.states = own_desk.states.model_copy(update={"cancelling": (cancelled,), "finished": (ended,)})
    await programs.worker(WORKER)
    assert (await own_desk.end(cancelled)).type is EventType.cancelled
    assert (await own_desk.end(wanted)).type is EventType.completed
    await until(lambda: ended in own_desk.asked, 10, "the worker to ask")
    assert (journal.runs(cancelled), journal.runs(ended), journal.runs(wanted)) == ([], [], [1])
    assert own_desk.events(ended) == [], "what has ended is not spoken of again"


async def test_a_cancellation_that_was_missed_stops_the_job_when_the_worker_listens_again(
    programs: Programs, own_desk: Desk, own_vhost: str, rabbitmq: EmbeddedRabbitMQ
) -> None:
    """The link for cancellations and events breaks while the one that brings jobs, Celery's, stays."""
    await programs.worker(WORKER)
    job = await own_desk.submit(("progress running", "sleep 600"))
    await own_desk.event(job, EventType.progress)
    own_desk.states = own_desk.states.model_copy(update={"cancelling": (job,)})
    await close_connection(rabbitmq, own_vhost, "analyzer worker")
    end = await own_desk.end(job)
    assert (end.type, end.run) == (EventType.cancelled, 1)


async def test_what_has_ended_is_not_run_again_though_the_link_for_questions_is_broken_when_it_comes(
    programs: Programs, own_desk: Desk, own_vhost: str, rabbitmq: EmbeddedRabbitMQ, journal: Journal
) -> None:
    ended = await finished(own_desk, await programs.worker(WORKER))
    await close_connection(rabbitmq, own_vhost, "analyzer worker")
    await own_desk.submit((), job_id=ended, resent=True)
    await own_desk.end(await own_desk.submit(()))
    await until(lambda: ended in own_desk.asked, 10, "the worker to ask")
    assert journal.runs(ended) == [1]


async def test_cancelling_a_job_twice_or_after_its_end_says_nothing_more(desk: Desk) -> None:
    job = await desk.submit(("progress running", "sleep 600"))
    await desk.event(job, EventType.progress)
    await asyncio.gather(desk.cancel(job), desk.cancel(job))
    await desk.end(job)
    await desk.cancel(job)
    await desk.end(await desk.submit(()))
    assert desk.types(job) == ["started", "progress", "cancelled"]
