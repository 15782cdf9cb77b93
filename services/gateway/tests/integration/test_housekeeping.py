"""Housekeeping: what is over is ended and deleted, once, with everything that belongs to it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import tasks as tasks_module
from gateway.models import files, idempotency_keys, job_events, jobs, schedule_slots, sessions, tickets
from gateway.tasks import Tasks
from warren import jobs as messages
from warren.contracts.events import EventType
from warren.contracts.gateway import Housekeeping, HousekeepingReport
from warren.testing.jobs import InMemoryJob
from warren.worker.service import Core

from .support import CSV, Broadcasts, RunningGateway

Keep = Callable[..., Awaitable[HousekeepingReport]]


@pytest.fixture
def tasks(gateway: RunningGateway) -> Tasks:
    parts = gateway.parts
    return Tasks(
        gateway.settings,
        parts.database,
        Core(parts.broker, parts.blobs, parts.queries, partial(messages.publish, parts.broker)),
    )


@pytest.fixture
def keep_house(tasks: Tasks) -> Keep:
    async def run(slot: str = "2026-01-02T03:04:00+00:00") -> HousekeepingReport:
        return await tasks.housekeeping(InMemoryJob(Housekeeping(slot=slot)))

    return run


def ago(seconds: float) -> sa.ColumnElement[Any]:
    return sa.func.now() - sa.text(f"interval '{seconds} seconds'")


async def change(gateway: RunningGateway, table: sa.Table, row_id: str, **values: Any) -> None:
    await gateway.rows(sa.update(table).where(table.c.id == row_id).values(**values))


async def count(gateway: RunningGateway, table: sa.Table) -> int:
    [row] = await gateway.rows(sa.select(sa.func.count()).select_from(table))
    return int(row[0])


async def old_job(gateway: RunningGateway) -> str:
    """A job that ended eight days ago, under an id as old as that, with an artifact."""
    job = await gateway.http.ask()
    await gateway.run(job["id"]).finish()
    await gateway.http.ended(job["id"])
    old = f"job_{int(job['id'][4:16], 16) - 8 * 86_400_000:012x}{job['id'][16:]}"
    await gateway.rows(sa.delete(job_events))
    await change(gateway, jobs, job["id"], id=old, completed_at=ago(8 * 86_400), created_at=ago(8 * 86_400))
    await gateway.parts.blobs.put(f"jobs/{old}/1/plot.png", b"x")
    return old


async def test_expired_sessions_end_with_their_files_and_others_stay(gateway: RunningGateway, keep_house: Keep) -> None:
    expired, alive = await gateway.http.ask(), await gateway.http.ask()
    await change(gateway, sessions, expired["session_id"], expires_at=ago(1))
    report = await keep_house()

    assert (report.expired_sessions, report.purged_files) == (1, 1)
    assert gateway.blobs("files") == [alive["input"]["file"]["id"]]
    assert (await gateway.http.get(f"/v1/sessions/{expired['session_id']}")).status_code == 410
    assert (await gateway.http.get(f"/v1/sessions/{alive['session_id']}")).status_code == 200
    assert (await gateway.http.job(expired["id"]))["status"] == "queued"


async def test_lone_files_go_when_their_day_is_over(gateway: RunningGateway, keep_house: Keep) -> None:
    uploads = [(await gateway.http.post("/v1/files", files={"file": ("a.csv", CSV)})).json()["id"] for _ in range(2)]
    await change(gateway, files, uploads[0], expires_at=ago(1))
    report = await keep_house()

    assert report.purged_files == 1
    assert gateway.blobs("files") == [uploads[1]]


async def test_bytes_that_cannot_be_deleted_now_are_deleted_later(
    gateway: RunningGateway, keep_house: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = (await gateway.http.post("/v1/files", files={"file": ("a.csv", CSV)})).json()["id"]
    await change(gateway, files, file_id, expires_at=ago(1))

    async def fail(_key: str) -> None:
        raise OSError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(gateway.parts.blobs, "delete", fail)
        with pytest.raises(OSError, match="away"):
            await keep_house("slot 1")
    await keep_house("slot 2")

    assert gateway.blobs("files") == []
    assert await count(gateway, files) == 0


async def test_old_jobs_are_purged_with_their_events_and_artifacts(gateway: RunningGateway, keep_house: Keep) -> None:
    old = await old_job(gateway)
    young = await gateway.http.ask()
    await gateway.run(young["id"]).finish()
    await gateway.http.ended(young["id"])
    report = await keep_house()

    assert report.purged_jobs == 1
    assert (await gateway.http.get(f"/v1/jobs/{old}")).status_code == 404
    assert (await gateway.http.get(f"/v1/jobs/{young['id']}")).status_code == 200
    assert gateway.blobs(f"jobs/{old}") == []


async def test_more_than_a_batch_is_done_in_one_go(
    gateway: RunningGateway, keep_house: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks_module, "BATCH", 2)
    made = [await gateway.http.ask() for _ in range(5)]
    await gateway.rows(sa.update(sessions).values(expires_at=ago(1)))
    await gateway.rows(sa.update(jobs).values(expires_at=ago(1)))
    report = await keep_house()

    assert (report.expired_sessions, report.purged_files, report.ended_jobs) == (5, 5, 5)
    assert {(await gateway.http.job(job["id"]))["status"] for job in made} == {"expired"}


async def test_a_job_nobody_finished_in_time_ends_and_its_watchers_hear_of_it(
    gateway: RunningGateway, keep_house: Keep, cancellations: Broadcasts
) -> None:
    late, running, fine = [await gateway.http.ask() for _ in range(3)]
    run = gateway.run(running["id"])
    await run.start()
    await gateway.http.reached(running["id"], "in_progress")
    for job in (late, running):
        await change(gateway, jobs, job["id"], expires_at=ago(1))
    stream = asyncio.create_task(gateway.http.get(late["urls"]["events"]))
    report = await keep_house()
    told = (await stream).text
    await run.complete()
    await gateway.recorded()

    assert report.ended_jobs == 2
    assert "event: expired" in told
    for job in (late, running):
        ended = await gateway.http.job(job["id"])
        assert ended["status"] == "expired"
        assert ended["error"]["code"] == "job.expired"
    assert (await gateway.http.job(fine["id"]))["status"] == "queued"
    assert set(await cancellations.so_far()) == {late["id"], running["id"]}


async def test_a_cancelled_job_whose_worker_is_gone_ends_after_a_while(
    gateway: RunningGateway, keep_house: Keep
) -> None:
    silent, stopping = [await gateway.http.ask() for _ in range(2)]
    for job in (silent, stopping):
        await gateway.run(job["id"]).start()
        await gateway.http.reached(job["id"], "in_progress")
        await gateway.http.post(job["urls"]["cancel"])
    await change(gateway, jobs, silent["id"], cancel_requested_at=ago(61))
    report = await keep_house()

    assert report.ended_jobs == 1
    assert (await gateway.http.job(silent["id"]))["status"] == "cancelled"
    assert (await gateway.http.job(stopping["id"]))["status"] == "in_progress"


async def test_a_slot_is_done_once_even_when_two_beats_ask_at_the_same_time(
    gateway: RunningGateway, keep_house: Keep
) -> None:
    for _ in range(3):
        await gateway.http.ask()
    await gateway.rows(sa.update(sessions).values(expires_at=ago(1)))
    await gateway.rows(sa.update(jobs).values(expires_at=ago(1)))
    reports = await asyncio.gather(*(keep_house("slot 1") for _ in range(4)))
    later = await keep_house("slot 2")

    assert sorted(report.expired_sessions for report in reports) == [0, 0, 0, 3]
    assert sorted(report.ended_jobs for report in reports) == [0, 0, 0, 3]
    assert later == HousekeepingReport()
    assert await count(gateway, schedule_slots) == 2


async def test_two_slots_at_the_same_time_do_everything_once(gateway: RunningGateway, keep_house: Keep) -> None:
    for _ in range(5):
        await gateway.http.ask()
    await gateway.rows(sa.update(sessions).values(expires_at=ago(1)))
    await gateway.rows(sa.update(jobs).values(expires_at=ago(1)))
    await asyncio.gather(*(keep_house(f"slot {n}") for n in range(4)))
    ends = await gateway.rows(sa.select(job_events.c.type))

    assert [row.type for row in ends] == [EventType.expired] * 5
    assert gateway.blobs("files") == []


async def test_small_things_are_forgotten(gateway: RunningGateway, keep_house: Keep) -> None:
    await gateway.http.post("/v1/sessions", headers={"Idempotency-Key": "old"})
    await gateway.http.post("/v1/sessions", headers={"Idempotency-Key": "new"})
    await gateway.http.post("/v1/tickets")
    await keep_house("old slot")
    await gateway.rows(
        sa.update(idempotency_keys).where(idempotency_keys.c.idempotency_key == "old").values(created_at=ago(90_000))
    )
    await gateway.rows(sa.update(schedule_slots).values(created_at=ago(90_000)))
    await gateway.rows(sa.update(tickets).values(expires_at=ago(1)))
    await gateway.rows(sa.update(sessions).values(ended_at=ago(31 * 86_400)))
    await keep_house("new slot")

    assert [row.idempotency_key for row in await gateway.rows(sa.select(idempotency_keys))] == ["new"]
    assert [row.slot for row in await gateway.rows(sa.select(schedule_slots))] == ["new slot"]
    assert await count(gateway, tickets) == 0
    assert await count(gateway, sessions) == 0
