"""Scheduled jobs, each slot once."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.models import schedule_slots


async def claim(connection: AsyncConnection, schedule: str, slot: str, by: str) -> bool:
    """Whether this slot is the job's to do: nobody did it, or this job did and was interrupted."""
    values = {"schedule": schedule, "slot": slot, "claimed_by": by}
    await connection.execute(insert(schedule_slots).values(values).on_conflict_do_nothing())
    ours = sa.select(schedule_slots.c.claimed_by).where(
        schedule_slots.c.schedule == schedule, schedule_slots.c.slot == slot
    )
    return (await connection.execute(ours)).scalar_one_or_none() == by
