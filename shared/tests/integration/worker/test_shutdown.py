"""SIGTERM: jobs finish within the grace period, the others go to another worker, and the process ends in time."""

import asyncio
import signal
import time

import pytest

from warren.contracts.events import EventType
from warren.testing.processes import Programs
from warren.testing.script import Journal

from .conftest import WORKER
from .desk import Desk

GRACE_SECONDS = 1.0
"""Of the workers here (see `conftest.environment`)."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_worker_ends_at_once(programs: Programs, own_desk: Desk, number: signal.Signals) -> None:
    worker = await programs.worker(WORKER)
    worker.send(number)
    assert await worker.exited(GRACE_SECONDS + 2) == 0


async def test_short_jobs_finish_and_long_ones_are_handed_on(
    programs: Programs, own_desk: Desk, journal: Journal
) -> None:
    worker = await programs.worker(WORKER)
    short = await own_desk.submit(("progress running", "sleep 0.5"))
    # The third run would be the fifth, and too many, if a stop counted as a crash.
    long = await own_desk.submit(("progress running", "child 600"), ("progress running", "child 600"), ())
    for job in (short, long):
        await own_desk.event(job, EventType.progress)
    asked = time.monotonic()
    worker.terminate()
    assert (await own_desk.end(short)).type is EventType.completed
    assert await worker.exited(GRACE_SECONDS + 3) == 0
    assert time.monotonic() - asked < GRACE_SECONDS + 2
    assert programs.leftovers() == []

    second = await programs.worker(WORKER)
    await own_desk.event(long, EventType.progress, run=2)
    second.terminate()
    second.terminate()
    assert await second.exited(GRACE_SECONDS + 3) == 0
    await programs.worker(WORKER)
    end = await own_desk.end(long)
    assert (end.type, end.run) == (EventType.completed, 3)
    assert journal.runs(short) == [1]
    assert journal.runs(long) == [1, 2, 3]
    assert own_desk.types(long) == ["started", "progress"] * 2 + ["started", "completed"]


async def test_jobs_that_come_while_a_worker_stops_are_run_by_another(
    programs: Programs, own_desk: Desk, journal: Journal
) -> None:
    worker = await programs.worker(WORKER)
    busy = await own_desk.submit(("progress running", "sleep 0.5"))
    await own_desk.event(busy, EventType.progress)
    worker.terminate()
    late = [await own_desk.submit(()) for _ in range(20)]
    assert await worker.exited(GRACE_SECONDS + 3) == 0
    await programs.worker(WORKER)
    ends = await asyncio.gather(*(own_desk.end(job) for job in late))
    assert {end.type for end in ends} == {EventType.completed}
    assert all(len(journal.runs(job)) == 1 for job in (busy, *late))


async def test_a_handler_that_will_not_stop_does_not_keep_the_process(programs: Programs, own_desk: Desk) -> None:
    worker = await programs.worker(WORKER)
    job = await own_desk.submit(("progress running", "stubborn 600"), ())
    await own_desk.event(job, EventType.progress)
    worker.terminate()
    assert await worker.exited(GRACE_SECONDS + 3) == 0
    await programs.worker(WORKER)
    assert (await own_desk.end(job)).run == 2
