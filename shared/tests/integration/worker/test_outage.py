"""RabbitMQ goes away and comes back; nobody restarts the worker."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from yarl import URL

from warren import topology
from warren.contracts.events import EventType
from warren.embedded import EmbeddedRabbitMQ
from warren.testing.processes import Programs, until
from warren.testing.proxy import Proxy
from warren.testing.script import Journal
from warren.testing.services import scratch_rabbitmq

from .conftest import WORKER, environment, open_desk
from .desk import SECONDS, Desk

RECOVERY_SECONDS = 10.0


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedRabbitMQ]:
    """A RabbitMQ that these tests stop and start."""
    with scratch_rabbitmq(management=False) as server:
        topology.declare(server.url)
        yield server


@pytest.fixture
async def programs(server: EmbeddedRabbitMQ, tmp_path: Path) -> AsyncIterator[Programs]:
    await asyncio.to_thread(server.start)
    programs = Programs(environment(server.url, tmp_path), tmp_path)
    try:
        yield programs
    finally:
        await programs.end()


def scheduled(desk: Desk) -> list[str]:
    """The slots whose jobs have run: each tells its own."""
    told = [event.data["message"] for event in desk.all_events() if event.type is EventType.progress]
    return [message for message in told if message[:1].isdigit()]


async def test_workers_live_through_an_outage_and_run_again_what_it_voided(
    server: EmbeddedRabbitMQ, programs: Programs, journal: Journal
) -> None:
    worker = await programs.worker(WORKER)
    beat = programs.start("beat", sys.executable, "-m", WORKER, "beat")
    async with open_desk(server.url) as desk:
        job = await desk.submit(("progress running", "sleep 600"), ("progress again",))
        await desk.event(job, EventType.progress)
        await asyncio.to_thread(server.stop)
        newborn = await programs.worker(WORKER, ready=False)
        await until(lambda: worker.health("ready") == 503, 10, "the worker to say that it cannot take jobs")
        await newborn.logged("worker_broker_unavailable")
        await until(lambda: newborn.health("live") == 200, 10, "the new worker to wait")
        assert worker.health("live") == 200, "a restart would help nobody"
        assert newborn.health("ready") == 503
        await asyncio.to_thread(server.start)
        back = time.monotonic()
        end = await desk.end(job)
        assert time.monotonic() - back < RECOVERY_SECONDS
        assert (end.type, end.run) == (EventType.completed, 2)
        assert journal.runs(job) == [1, 2]
        assert (1, "sleep 600") not in journal.of(job), "the run whose message was lost was stopped"
        assert "cancelled" not in desk.types(job), "that is nobody's cancellation"
        await worker.ready(RECOVERY_SECONDS)
        await newborn.ready(RECOVERY_SECONDS)
        restarted = datetime.now(UTC).isoformat()
        await until(lambda: max(scheduled(desk), default="") > restarted, SECONDS, "a slot of after the outage")
        assert beat.running


async def test_a_job_whose_worker_lives_is_not_dead_however_often_its_connection_was_lost(
    own_vhost: str, tmp_path: Path, journal: Journal
) -> None:
    losses = topology.DELIVERY_LIMIT + 2
    async with Proxy(int(URL(own_vhost).port or 0)) as proxy, open_desk(own_vhost) as desk:
        programs = Programs(environment(proxy.url(own_vhost), tmp_path), tmp_path)
        try:
            await programs.worker(WORKER)
            job = await desk.submit(*[("progress running", "sleep 600")] * losses, ("progress last",))
            for run in range(1, losses + 1):
                await desk.event(job, EventType.progress, run)
                proxy.cut()
            end = await desk.end(job)
        finally:
            await programs.end()

    assert (end.type, end.run) == (EventType.completed, losses + 1)
    assert journal.runs(job) == list(range(1, losses + 2))


async def test_a_worker_can_be_stopped_while_rabbitmq_is_away(server: EmbeddedRabbitMQ, programs: Programs) -> None:
    worker = await programs.worker(WORKER)
    async with open_desk(server.url) as desk:
        job = await desk.submit(("progress running", "sleep 600"))
        await desk.event(job, EventType.progress)
        await asyncio.to_thread(server.kill)
    await worker.logged("worker_connection_lost")
    newborn = await programs.worker(WORKER, ready=False)
    await newborn.logged("worker_broker_unavailable")
    for program in (worker, newborn):
        program.terminate()
        assert await program.exited(5) == 0
