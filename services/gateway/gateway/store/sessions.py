"""Sessions: a person's dialog about their files. Each use prolongs them; the end deletes what they hold."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import models
from gateway.models import jobs, sessions
from gateway.problems import Problem, not_found
from gateway.store import files
from warren.contracts.analyzer import Turn
from warren.ids import new_id

HISTORY_TURNS = 6
"""Earlier questions given to the engine: enough for "now by month", small enough for a prompt."""


async def create(connection: AsyncConnection, key_id: str, lifetime: float) -> sa.Row[Any]:
    statement = (
        sessions.insert()
        .values(id=new_id("ses"), key_id=key_id, expires_at=sa.func.now() + timedelta(seconds=lifetime))
        .returning(sessions)
    )
    row: sa.Row[Any] = (await connection.execute(statement)).one()
    return row


async def use(connection: AsyncConnection, key_id: str, session_id: str, lifetime: float) -> sa.Row[Any]:
    """The session, prolonged with its files. Raises a 404 `Problem` for one that is not this key's, 410 for one that
    ended."""
    prolonged = (
        sessions.update()
        .where(
            sessions.c.id == session_id,
            sessions.c.key_id == key_id,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > sa.func.now(),
        )
        .values(expires_at=sa.func.now() + timedelta(seconds=lifetime))
        .returning(sessions)
    )
    row: sa.Row[Any] | None = (await connection.execute(prolonged)).one_or_none()
    if row is None:
        return await get(connection, key_id, session_id)
    theirs = models.files.update().where(models.files.c.session_id == session_id)
    await connection.execute(theirs.values(expires_at=row.expires_at))
    return row


async def get(connection: AsyncConnection, key_id: str, session_id: str) -> sa.Row[Any]:
    """Raises a 404 `Problem` for a session that is not this key's, 410 for one that ended."""
    row = (
        await connection.execute(
            sa.select(sessions, (sessions.c.expires_at < sa.func.now()).label("late")).where(
                sessions.c.id == session_id, sessions.c.key_id == key_id
            )
        )
    ).one_or_none()
    if row is None:
        raise not_found("session", session_id)
    if row.ended_at is not None or row.late:
        raise Problem(410, "session.expired", "This session has expired. Start a new one and upload the file again.")
    return row


async def end(connection: AsyncConnection, session_ids: Sequence[str]) -> None:
    """End sessions with their files, which `files.purge()` deletes after the commit."""
    ended = sessions.update().where(sessions.c.id.in_(session_ids)).values(ended_at=sa.func.now())
    await connection.execute(ended)
    await files.end(connection, models.files.c.session_id.in_(session_ids))


async def expired(connection: AsyncConnection, limit: int) -> list[str]:
    """Ids of sessions whose time is over, locked so that only one housekeeper takes each."""
    rows = await connection.execute(
        sa.select(sessions.c.id)
        .where(sessions.c.expires_at < sa.func.now(), sessions.c.ended_at.is_(None))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(rows.scalars())


async def history(connection: AsyncConnection, session_id: str) -> tuple[Turn, ...]:
    """The answered questions of a session, oldest first."""
    rows = (
        await connection.execute(
            sa.select(jobs.c.payload["question"].astext.label("question"), jobs.c.brief)
            .where(jobs.c.session_id == session_id, jobs.c.status == "completed", jobs.c.brief.is_not(None))
            .order_by(jobs.c.id.desc())
            .limit(HISTORY_TURNS)
        )
    ).all()
    return tuple(
        Turn(question=row.question, answer=row.brief.get("answer", ""), code=row.brief.get("final_code", ""))
        for row in reversed(rows)
    )
