"""Scheduled jobs, each slot once."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.models import schedule_slots

KEEP = sa.text("interval '2 days'")


async def claim(connection: AsyncConnection, schedule: str, slot: str) -> bool:
    """Whether this slot was free. It is taken when the caller's transaction commits, so its work belongs in there."""
    claimed = await connection.execute(
        insert(schedule_slots)
        .values(schedule=schedule, slot=slot)
        .on_conflict_do_nothing()
        .returning(schedule_slots.c.slot)
    )
    return claimed.scalar_one_or_none() is not None


async def forget(connection: AsyncConnection) -> None:
    """Remove old slots."""
    await connection.execute(schedule_slots.delete().where(schedule_slots.c.created_at < sa.func.now() - KEEP))
