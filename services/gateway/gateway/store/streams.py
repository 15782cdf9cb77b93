"""Live streams among the jobs: how many are open, and whose a stream is."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.models import jobs
from gateway.store.jobs import insert
from warren.contracts.transcriber import TranscribeStream

_ADMISSION = 0x77617272656E
"""Key of the advisory lock under which places are given away."""


async def admit(connection: AsyncConnection, row: dict[str, Any], capacity: int) -> bool:
    """Insert the job of a stream, unless as many are open as there are places.

    Replicas count one after the other, until the other's transaction has ended: none gives away the same place.
    """
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADMISSION)))
    taken = sa.select(sa.func.count()).where(jobs.c.kind == TranscribeStream.kind, jobs.c.completed_at.is_(None))
    if (await connection.execute(taken)).scalar_one() >= capacity:
        return False
    await insert(connection, [row])
    return True


async def find(connection: AsyncConnection, key_id: str, stream_id: str) -> sa.Row[Any] | None:
    """The job of a stream of this key."""
    mine = sa.select(jobs).where(jobs.c.id == stream_id, jobs.c.key_id == key_id, jobs.c.kind == TranscribeStream.kind)
    return (await connection.execute(mine)).one_or_none()
