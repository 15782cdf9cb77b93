"""Questions other services ask the gateway."""

import sqlalchemy as sa

from gateway.lifecycle import TERMINAL
from gateway.models import among, jobs
from warren.contracts.gateway import JobStates, JobStatesQuery
from warren.database import Database


async def job_states(database: Database, query: JobStatesQuery) -> JobStates:
    """Which of these jobs should not run any more."""
    async with database.transaction() as connection:
        rows = (
            await connection.execute(
                sa.select(jobs.c.id, jobs.c.status, jobs.c.cancel_requested_at).where(among(jobs.c.id, query.job_ids))
            )
        ).all()
    finished = [row.id for row in rows if row.status in TERMINAL]
    cancelling = [row.id for row in rows if row.status not in TERMINAL and row.cancel_requested_at is not None]
    return JobStates(finished=tuple(finished), cancelling=tuple(cancelling))
