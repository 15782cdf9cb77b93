"""The recorder: what workers tell becomes rows, once, in order, whatever arrives."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import recorder
from gateway.lifecycle import DEAD_LETTER
from gateway.models import job_events, jobs
from gateway.recorder import Died, record
from warren import events, topology
from warren.contracts.events import EventType, JobEvent

from .support import Broadcasts, RunningGateway, ToldRun, until

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def event(job_id: str, run: int, n: int, kind: EventType, **data: Any) -> JobEvent:
    return JobEvent(job_id=job_id, run=run, n=n, type=kind, at=NOW + timedelta(seconds=run * 60 + n), data=data)


async def recorded(gateway: RunningGateway, *found: JobEvent | Died) -> recorder.Recorded:
    async with gateway.parts.database.transaction() as connection:
        return await record(connection, found)


async def log(gateway: RunningGateway, job_id: str) -> list[str]:
    rows = await gateway.rows(sa.select(job_events).where(job_events.c.job_id == job_id))
    return [f"{row.run}-{row.n} {row.type}" for row in sorted(rows, key=lambda row: (row.run, row.n))]


async def test_a_batch_of_many_jobs_is_recorded_at_once(gateway: RunningGateway) -> None:
    made = [(await gateway.http.ask())["id"] for _ in range(3)]
    batch = [event(job_id, 1, 1, EventType.started) for job_id in made]
    batch += [event(job_id, 1, 2, EventType.progress, stage="run", message="…") for job_id in made]
    batch.append(event(made[0], 1, 3, EventType.completed, result={"answer": 1}, brief={"answer": 1}))
    batch.append(event(made[1], 1, 3, EventType.failed, code="x.y", message="no", retryable=False, details={}))
    await recorded(gateway, *batch)
    states = [await gateway.http.job(job_id) for job_id in made]

    assert [state["status"] for state in states] == ["completed", "failed", "in_progress"]
    assert states[0]["result"] == {"answer": 1}
    assert states[1]["error"]["code"] == "x.y"
    assert states[2]["progress"]["stage"] == "run"
    assert await log(gateway, made[0]) == ["1-1 started", "1-2 progress", "1-3 completed"]


async def test_a_batch_delivered_twice_changes_nothing(gateway: RunningGateway) -> None:
    job_id = (await gateway.http.ask())["id"]
    batch = [event(job_id, 1, 1, EventType.started), event(job_id, 1, 2, EventType.completed, result={"answer": 1})]
    await recorded(gateway, *batch)
    before = await gateway.http.job(job_id)
    await recorded(gateway, *batch, *batch)

    assert await gateway.http.job(job_id) == before
    assert await log(gateway, job_id) == ["1-1 started", "1-2 completed"]


async def test_the_first_end_wins(gateway: RunningGateway) -> None:
    job_id = (await gateway.http.ask())["id"]
    await recorded(gateway, event(job_id, 1, 1, EventType.started))
    await recorded(gateway, event(job_id, 1, 2, EventType.completed, result={"answer": "first"}))
    await recorded(gateway, event(job_id, 2, 1, EventType.started), event(job_id, 2, 2, EventType.failed, code="x"))
    state = await gateway.http.job(job_id)

    assert (state["status"], state["result"], state["error"]) == ("completed", {"answer": "first"}, None)


async def test_an_older_run_that_still_talks_is_ignored(gateway: RunningGateway) -> None:
    job_id = (await gateway.http.ask())["id"]
    await recorded(gateway, event(job_id, 2, 1, EventType.started))
    await recorded(gateway, event(job_id, 1, 9, EventType.completed, result={"answer": "old"}))
    await recorded(gateway, event(job_id, 2, 2, EventType.completed, result={"answer": "new"}))

    assert (await gateway.http.job(job_id))["result"] == {"answer": "new"}
    assert await log(gateway, job_id) == ["2-1 started", "2-2 completed"]


async def test_events_of_jobs_nobody_knows_are_left_out(gateway: RunningGateway) -> None:
    job_id = (await gateway.http.ask())["id"]
    await recorded(gateway, event("job_unknown", 1, 1, EventType.started), event(job_id, 1, 1, EventType.started))

    assert await log(gateway, "job_unknown") == []
    assert await log(gateway, job_id) == ["1-1 started"]


async def test_a_dead_job_ends_once_with_an_event_of_its_own(gateway: RunningGateway) -> None:
    job_id = (await gateway.http.ask())["id"]
    await recorded(gateway, event(job_id, 4, 1, EventType.started))
    first = await recorded(gateway, Died(job_id))
    again = await recorded(gateway, Died(job_id))
    state = await gateway.http.job(job_id)

    assert [added.id for added in first.added] == ["4-2"]
    assert again.added == ()
    assert state["status"] == "failed"
    assert state["error"]["code"] == DEAD_LETTER
    assert await log(gateway, job_id) == ["4-1 started", "4-2 failed"]


async def test_the_death_of_a_message_does_not_end_a_job_that_a_later_one_carries_on(gateway: RunningGateway) -> None:
    job_id = (await gateway.client().ask())["id"]
    await recorded(gateway, event(job_id, 6, 1, EventType.started))
    assert (await recorded(gateway, Died(job_id, last_run=5))).added == ()
    (ended,) = (await recorded(gateway, Died(job_id, last_run=6))).added
    assert (ended.type, ended.run, ended.n) == (EventType.failed, 6, 2)


async def test_what_runs_although_it_was_cancelled_or_has_ended_is_to_be_stopped(gateway: RunningGateway) -> None:
    cancelled, ended, running = [(await gateway.http.ask())["id"] for _ in range(3)]
    await recorded(gateway, event(cancelled, 1, 1, EventType.started), event(ended, 1, 1, EventType.started))
    await gateway.http.post(f"/v1/jobs/{cancelled}/cancel")
    await recorded(gateway, event(ended, 1, 2, EventType.completed, result={}))
    found = await recorded(gateway, *(event(one, 2, 1, EventType.started) for one in (cancelled, ended, running)))

    assert set(found.to_cancel) == {cancelled, ended}


async def test_nul_characters_and_infinite_numbers_do_not_hold_up_a_job(gateway: RunningGateway) -> None:
    """Generated code prints what it likes."""
    job_id = (await gateway.http.ask())["id"]
    run = gateway.run(job_id)
    await run.start()
    await run.progress("a\0b \\u0000 \\\0")
    await run.complete(answer="x\0y", tables=[[float("nan"), float("inf"), 1.5]])
    ended = await gateway.http.ended(job_id)
    [told] = await gateway.rows(sa.select(job_events.c.data).where(job_events.c.type == "progress"))

    assert ended["result"]["answer"] == "x\ufffdy"
    assert ended["result"]["tables"] == [[None, None, 1.5]]
    assert told.data["message"] == "a\ufffdb \\u0000 \\\ufffd"


# Through RabbitMQ -----------------------------------------------------------------------------------------------------


async def publish(gateway: RunningGateway, body: bytes) -> None:
    await gateway.parts.broker.publish(topology.EVENTS, "analyzer.job_x.progress", body, message_id="job_x/1-1")


async def dead_letters(gateway: RunningGateway, queue: str) -> int:
    """How many messages lie in a dead-letter queue."""
    counted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def count(channel: Any) -> None:
        declared = await channel.declare_queue(topology.dead_queue(queue), passive=True)
        if not counted.done():
            counted.set_result(declared.declaration_result.message_count)

    gateway.parts.broker.consume(count)
    return await counted


async def more_dead_letters(gateway: RunningGateway, before: int) -> bool:
    return await dead_letters(gateway, topology.RECORDER) > before


@pytest.mark.parametrize("body", [b"not json", b'{"events": [{"type": "other"}]}', b"\xff", b"[]"])
async def test_a_message_that_cannot_be_read_is_set_aside(gateway: RunningGateway, body: bytes) -> None:
    before = await dead_letters(gateway, topology.RECORDER)
    await publish(gateway, body)
    await gateway.recorded()

    await until(lambda: more_dead_letters(gateway, before))


async def test_a_message_postgresql_will_never_take_is_set_aside_alone(gateway: RunningGateway) -> None:
    """A run number beyond its column's type stands for whatever else we did not think of."""
    before = await dead_letters(gateway, topology.RECORDER)
    job = await gateway.http.ask()
    poison = gateway.run((await gateway.http.ask())["id"], number=2**40)
    run = gateway.run(job["id"])
    async with gateway.parts.database.transaction() as connection:
        # The recorder waits for the lock, so that all of these come in one batch.
        await connection.execute(sa.select(jobs).with_for_update())
        await run.start()
        await poison.start()
        await run.complete()

    assert (await gateway.http.ended(job["id"]))["status"] == "completed"
    await until(lambda: more_dead_letters(gateway, before))


async def test_jobs_that_share_a_message_with_what_cannot_be_recorded_are_recorded(gateway: RunningGateway) -> None:
    before = await dead_letters(gateway, topology.RECORDER)
    jobs_ = [await gateway.http.ask() for _ in range(3)]
    runs = [gateway.run(job["id"], number=number) for job, number in zip(jobs_, (1, 2**40, 1), strict=True)]
    told = [run.next(EventType.started) for run in runs] + [run.next(EventType.completed) for run in runs]
    await events.publish(gateway.parts.broker, "analyzer", told)

    for job in (jobs_[0], jobs_[2]):
        assert (await gateway.http.ended(job["id"]))["status"] == "completed"
    await until(lambda: more_dead_letters(gateway, before))
    assert (await gateway.http.job(jobs_[1]["id"]))["status"] == "queued"


async def test_a_job_whose_message_died_ends_and_its_watchers_hear_of_it(
    gateway: RunningGateway, cancellations: Broadcasts
) -> None:
    job = await gateway.http.ask()
    await ToldRun(gateway.parts, job["id"]).start()
    await gateway.http.reached(job["id"], "in_progress")
    taken: asyncio.Queue[Any] = asyncio.Queue()

    async def reject_ours(message: Any) -> None:
        if message.message_id == job["id"]:
            await message.reject(requeue=False)
            taken.put_nowait(message)

    async def listen(channel: Any) -> None:
        queue = await channel.get_queue("analyzer", ensure=False)
        await queue.consume(reject_ours)

    gateway.parts.broker.consume(listen)
    async with gateway.http.stream("GET", job["urls"]["events"]) as stream:
        lines = [line async for line in stream.aiter_lines()]
    ended = await gateway.http.job(job["id"])

    assert taken.qsize() == 1
    assert ended["status"] == "failed"
    assert ended["error"]["code"] == DEAD_LETTER
    assert "event: failed" in lines


async def test_two_gateways_share_the_work_and_either_goes_on_alone(
    gateway: RunningGateway, start_gateway: Any
) -> None:
    """One records at a time; when it goes, the next takes over."""
    async with start_gateway() as other:
        await other.parts.broker.ready()
        jobs_made = [await client.ask() for client in (gateway.http, other.http)]
        for job in jobs_made:
            await gateway.run(job["id"]).finish()
            assert (await other.http.ended(job["id"]))["status"] == "completed"
    job = await gateway.http.ask()
    await gateway.run(job["id"]).finish()

    assert (await gateway.http.ended(job["id"]))["status"] == "completed"
