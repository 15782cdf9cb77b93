"""The gateway's own jobs: housekeeping."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert

from gateway.models import idempotency_keys, jobs, schedule_slots, sessions, tickets
from gateway.recorder import tell
from gateway.service import end
from gateway.settings import GatewaySettings
from gateway.store import files
from gateway.store import jobs as store
from gateway.store import sessions as session_store
from warren import control, events
from warren.contracts.events import EventType, Failure
from warren.contracts.gateway import Housekeeping, HousekeepingReport
from warren.database import Database
from warren.ids import first_id
from warren.worker.job import Job
from warren.worker.service import Core, Handlers

log = structlog.get_logger(__name__)

BATCH = 500
CANCEL_GRACE = sa.text("interval '60 seconds'")
"""A worker that did not confirm a cancellation by then is gone; the job ends without it."""
KEEP_SMALL_THINGS = sa.text("interval '1 day'")
"""How long idempotency keys and schedule slots are remembered."""
KEEP_ENDED_SESSIONS = sa.text("interval '30 days'")


class Tasks:
    """Handlers of the gateway's jobs."""

    def __init__(self, settings: GatewaySettings, database: Database, core: Core) -> None:
        self._settings = settings
        self._database = database
        self._core = core

    def handlers(self) -> Handlers:
        return Handlers(jobs={Housekeeping: self.housekeeping})

    async def housekeeping(self, job: Job[Housekeeping]) -> HousekeepingReport:
        """Does each scheduled slot once, however many Beats ask for it."""
        if not await self._claim(job.payload):
            return HousekeepingReport()
        report = HousekeepingReport(
            expired_sessions=await _all(self._end_sessions),
            purged_files=await _all(self._purge_files),
            purged_jobs=await _all(self._purge_jobs),
            ended_jobs=await _all(self._end_late_jobs) + await _all(self._end_silent_jobs),
        )
        await self._forget()
        log.info("housekeeping_done", **report.model_dump())
        return report

    async def _claim(self, payload: Housekeeping) -> bool:
        async with self._database.transaction() as connection:
            claimed = await connection.execute(
                insert(schedule_slots)
                .values(schedule=payload.kind, slot=payload.slot)
                .on_conflict_do_nothing()
                .returning(schedule_slots.c.slot)
            )
            return claimed.scalar_one_or_none() is not None

    async def _end_sessions(self) -> int:
        async with self._database.transaction() as connection:
            ids = await session_store.expired(connection, BATCH)
            await session_store.end(connection, ids)
        return len(ids)

    async def _purge_files(self) -> int:
        return await files.purge(self._database, self._core.blobs, limit=BATCH)

    async def _purge_jobs(self) -> int:
        # Ids sort by age, so the primary key finds the oldest jobs.
        cutoff = datetime.now(UTC) - timedelta(seconds=self._settings.job_keep_seconds)
        old = (
            sa.select(jobs.c.id)
            .where(jobs.c.id < first_id("job", cutoff), jobs.c.completed_at < cutoff)
            .order_by(jobs.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        async with self._database.transaction() as connection:
            ids = (await connection.execute(old)).scalars().all()
            # First the files, then the row: nothing is left behind, whatever dies in between.
            for job_id in ids:
                await self._core.blobs.delete_prefix(f"jobs/{job_id}")
            await connection.execute(jobs.delete().where(jobs.c.id.in_(ids)))
        return len(ids)

    async def _end_late_jobs(self) -> int:
        """End what nobody finished in time."""
        return await self._end(jobs.c.expires_at < sa.func.now(), EventType.expired, _EXPIRED)

    async def _end_silent_jobs(self) -> int:
        """End cancelled jobs whose worker is gone."""
        return await self._end(jobs.c.cancel_requested_at < sa.func.now() - CANCEL_GRACE, EventType.cancelled, {})

    async def _end(self, condition: sa.ColumnElement[bool], type_: EventType, data: dict[str, Any]) -> int:
        wanted = sa.select(jobs.c.id).where(jobs.c.completed_at.is_(None), condition).limit(BATCH)
        async with self._database.transaction() as connection:
            ids = (await connection.execute(wanted)).scalars().all()
            states = await store.lock_states(connection, ids)
            ended = await end(connection, states.values(), type_, data)
        for event in ended:
            await tell(control.broadcast_cancel(self._core.broker, event.job_id))
            await tell(events.publish(self._core.broker, "gateway", [event]))
        return len(ids)

    async def _forget(self) -> None:
        old = sa.func.now() - KEEP_SMALL_THINGS
        async with self._database.transaction() as connection:
            await connection.execute(idempotency_keys.delete().where(idempotency_keys.c.created_at < old))
            await connection.execute(schedule_slots.delete().where(schedule_slots.c.created_at < old))
            await connection.execute(tickets.delete().where(tickets.c.expires_at < sa.func.now()))
            await connection.execute(
                sessions.delete().where(
                    sessions.c.ended_at < sa.func.now() - KEEP_ENDED_SESSIONS,
                    ~sa.exists().where(jobs.c.session_id == sessions.c.id),
                )
            )


_EXPIRED = Failure(code="job.expired", message="Nobody finished it in time.", retryable=True).model_dump(mode="json")


async def _all(step: Callable[[], Awaitable[int]]) -> int:
    """Repeat a step, which does up to `BATCH`, until it finds no more. Returns how many it did."""
    total = 0
    while done := await step():
        total += done
    return total
