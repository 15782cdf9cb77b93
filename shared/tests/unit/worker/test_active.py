"""Runs in progress: what stops them, and what becomes of handlers that do not listen."""

import asyncio

import pytest

from warren.worker import active as module
from warren.worker.active import ActiveRun, ActiveRuns, Stop

FOREVER = 600.0


async def answer() -> str:
    return "done"


async def test_a_handler_returns_what_it_returns() -> None:
    active = ActiveRun("job_1", 1)
    assert await active.execute(answer(), FOREVER) == "done"
    assert active.stopped is None


async def test_a_handler_raises_what_it_raises() -> None:
    async def fail() -> None:
        raise LookupError("x")

    with pytest.raises(LookupError):
        await ActiveRun("job_1", 1).execute(fail(), FOREVER)


@pytest.mark.parametrize("why", [Stop.cancelled, Stop.shutdown, Stop.connection_lost, Stop.superseded])
async def test_a_stopped_handler_is_cancelled_and_cleans_up(why: Stop) -> None:
    active = ActiveRun("job_1", 1)
    cleaned = asyncio.Event()

    async def work() -> str:
        try:
            return await asyncio.sleep(FOREVER, "done")
        finally:
            cleaned.set()

    running = asyncio.create_task(active.execute(work(), FOREVER))
    await asyncio.sleep(0)
    active.stop(why)
    active.stop(Stop.timeout)
    assert await running is None
    assert cleaned.is_set()
    assert active.stopped is why, "the first reason stays"
    assert active.given_up == (why in {Stop.connection_lost, Stop.superseded})


async def test_a_handler_that_is_stopped_before_it_begins_does_not_begin() -> None:
    active = ActiveRun("job_1", 1)
    active.stop(Stop.cancelled)
    begun: list[bool] = []

    async def work() -> str:
        begun.append(True)
        return await answer()

    assert await active.execute(work(), FOREVER) is None
    assert begun == []


async def test_a_handler_that_takes_too_long_is_stopped() -> None:
    active = ActiveRun("job_1", 1)
    assert await active.execute(asyncio.sleep(FOREVER, "done"), 0.01) is None
    assert active.stopped is Stop.timeout


async def test_a_handler_that_fails_while_it_cleans_up_was_stopped_all_the_same() -> None:
    active = ActiveRun("job_1", 1)

    async def work() -> str:
        try:
            return await asyncio.sleep(FOREVER, "done")
        finally:
            raise LookupError("while cleaning up")

    assert await active.execute(work(), 0.01) is None


async def test_a_handler_that_ignores_cancellation_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLEAN_UP_SECONDS", 0.01)
    active = ActiveRun("job_1", 1)
    free = asyncio.Event()

    async def work() -> str:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue
        return "at last"

    assert await active.execute(work(), 0.01) is None
    free.set()


async def test_a_handler_that_cancels_itself_has_crashed() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(RuntimeError):
        await ActiveRun("job_1", 1).execute(work(), FOREVER)


async def test_an_abandoned_run_ends_at_once_and_so_does_its_handler() -> None:
    cancelled = asyncio.Event()
    begun = asyncio.Event()
    runs: list[ActiveRun] = []

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(FOREVER)
        finally:
            cancelled.set()

    async def run() -> None:
        runs.append(ActiveRun("job_1", 1))
        await runs[0].execute(work(), FOREVER)

    running = asyncio.create_task(run())
    await begun.wait()
    runs[0].abandon()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(cancelled.wait(), 5)


async def test_the_latest_run_of_a_job_is_found_and_all_are_waited_for() -> None:
    runs = ActiveRuns()
    assert await runs.idle_within(0.01)
    first, second = ActiveRun("job_1", 1), ActiveRun("job_1", 2)
    with runs.entered(first, suspect=False):
        with runs.entered(second, suspect=True):
            assert (runs.of("job_1"), runs.suspect, len(runs)) == (second, second, 2)
            assert runs.job_ids == ("job_1",)
        assert (runs.of("job_1"), runs.suspect, len(runs)) == (None, None, 1)
        assert not await runs.idle_within(0.01), "the older run still cleans up"
        runs.stop(Stop.shutdown)
        assert first.stopped is Stop.shutdown
    assert await runs.idle_within(0.01)


async def test_only_the_suspect_itself_is_acquitted() -> None:
    runs = ActiveRuns()
    first, second = ActiveRun("job_1", 1), ActiveRun("job_2", 1)
    with runs.entered(first, suspect=True):
        runs.acquit(second)
        kept = runs.suspect
        runs.acquit(first)
        assert (kept, runs.suspect) == (first, None)
        with runs.entered(second, suspect=True):
            runs.acquit(first)
            assert runs.suspect is second
