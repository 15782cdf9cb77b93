"""The gateway's own jobs: housekeeping."""

from datetime import UTC, datetime, timedelta

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
from warren import events
from warren.contracts.events import EventType, JobEvent
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
            expired_sessions=await self._end_sessions(),
            purged_files=await self._purge_files(),
            purged_jobs=await self._purge_jobs(),
            ended_jobs=await self._end_jobs(),
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
        count = 0
        while True:
            async with self._database.transaction() as connection:
                ids = await session_store.expired(connection, datetime.now(UTC), BATCH)
                blobs = await session_store.end(connection, ids)
            for blob in blobs:
                await self._core.blobs.delete(blob)
            count += len(ids)
            if len(ids) < BATCH:
                return count

    async def _purge_files(self) -> int:
        async with self._database.transaction() as connection:
            blobs = await files.take_expired(connection, datetime.now(UTC), BATCH)
        for blob in blobs:
            await self._core.blobs.delete(blob)
        return len(blobs)

    async def _purge_jobs(self) -> int:
        # Ids sort by age, so the primary key finds the oldest jobs.
        cutoff = datetime.now(UTC) - timedelta(seconds=self._settings.job_keep_seconds)
        old = (
            sa.select(jobs.c.id)
            .where(jobs.c.id < first_id("job", cutoff), jobs.c.completed_at < cutoff)
            .order_by(jobs.c.id)
            .limit(BATCH)
        )
        async with self._database.transaction() as connection:
            ids = (await connection.execute(jobs.delete().where(jobs.c.id.in_(old)).returning(jobs.c.id))).scalars()
            purged = list(ids)
        for job_id in purged:
            await self._core.blobs.delete_prefix(f"jobs/{job_id}")
        return len(purged)

    async def _end_jobs(self) -> int:
        """End what nobody will finish: jobs past their time, and cancelled ones whose worker is gone."""
        open_jobs = sa.select(jobs.c.id).where(jobs.c.completed_at.is_(None)).limit(BATCH)
        late = open_jobs.where(jobs.c.expires_at < sa.func.now())
        silent = open_jobs.where(jobs.c.cancel_requested_at < sa.func.now() - CANCEL_GRACE)
        told: list[JobEvent] = []
        async with self._database.transaction() as connection:
            for query, type_ in ((late, EventType.expired), (silent, EventType.cancelled)):
                ids = (await connection.execute(query)).scalars().all()
                states = (await store.lock_states(connection, ids)).values()
                told += [event for state in states if (event := await end(connection, state, type_, {}))]
        for event in told:
            await tell(events.publish(self._core.broker, "gateway", [event]))
        return len(told)

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
