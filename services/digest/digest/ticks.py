"""What is due each minute: builds by their bots' schedules, feeds, and what was left behind."""

from datetime import UTC, datetime

import sqlalchemy as sa
import structlog

from digest import schedule
from digest.delivery import request_delivery, undelivered
from digest.models import bots, builds, channels, schedule_slots
from digest.store import builds as build_store
from digest.store import slots
from warren import jobs
from warren.contracts.digest import BuildDigest, PollFeed, Tick, TickReport
from warren.database import Database
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.worker.job import Job

log = structlog.get_logger(__name__)

POLLS = 200
"""Feeds that one tick has read at most."""
KEPT = sa.text("interval '1 day'")
FORGOTTEN = sa.text("interval '2 hours'")
"""A build whose job was not seen for so long will not go on by itself."""


class Ticks:
    """Handler of `digest.tick`."""

    def __init__(self, database: Database, send: jobs.Send) -> None:
        self._database = database
        self._send = send

    async def tick(self, job: Job[Tick]) -> TickReport:
        """Does each slot once, however many Beats ask for it."""
        slot = job.payload.slot
        if not await self.claim(job.payload.kind, slot, job.id):
            return TickReport()
        minute = datetime.fromisoformat(slot)
        # A slot that is done again, after a crash, must not be built twice: its jobs have the same ids again.
        built = [JobMessage.of(f"job_{slot}_{p.bot_id}", p) for p in await self._due_builds(minute)]
        polled = [JobMessage.of(new_id("job"), payload) for payload in await self._due_polls()]
        for message in (*built, *polled):
            await self._send(message)
        log.info("due_jobs_sent", builds=len(built), polls=len(polled), slot=slot)
        for digest_id in await undelivered(self._database):
            await request_delivery(self._database, self._send, digest_id)
        await self._tidy()
        return TickReport(builds=len(built), polls=len(polled))

    async def claim(self, name: str, slot: str, by: str) -> bool:
        """Whether this slot of the schedule is ours to do: nobody did it, or we did and were interrupted."""
        async with self._database.transaction() as connection:
            return await slots.claim(connection, name, slot, by)

    async def _due_builds(self, minute: datetime) -> list[BuildDigest]:
        wanted = sa.select(bots.c.id, bots.c.owner, bots.c.schedule).where(bots.c.active, bots.c.schedule != "")
        async with self._database.transaction() as connection:
            rows = (await connection.execute(wanted)).all()
        return [
            BuildDigest(owner=row.owner, bot_id=row.id, trigger="schedule")
            for row in rows
            if schedule.due(row.schedule, minute.astimezone(UTC))
        ]

    async def _due_polls(self) -> list[PollFeed]:
        due = (channels.c.url != "") & channels.c.active & (channels.c.next_poll_at <= sa.func.now())
        wanted = sa.select(channels.c.id, channels.c.owner).where(due).order_by(channels.c.next_poll_at).limit(POLLS)
        async with self._database.transaction() as connection:
            return [PollFeed(owner=row.owner, channel_id=row.id) for row in await connection.execute(wanted)]

    async def _tidy(self) -> None:
        lost = sa.select(builds.c.id).where(builds.c.ended_at.is_(None), builds.c.seen_at < sa.func.now() - FORGOTTEN)
        async with self._database.transaction() as connection:
            for build_id in (await connection.execute(lost)).scalars().all():
                await build_store.end(connection, build_id, "stopped", error="Its job ended before it did.")
            old = schedule_slots.c.created_at < sa.func.now() - KEPT
            await connection.execute(sa.delete(schedule_slots).where(old))
