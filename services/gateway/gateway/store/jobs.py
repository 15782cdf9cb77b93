"""The table of jobs, which is also the outbox: a queued row without `sent_at` still has to be published."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.lifecycle import JobState, Status
from gateway.models import among, job_events, jobs
from gateway.problems import not_found
from warren.contracts.base import JobPayload
from warren.contracts.events import EventType, JobEvent
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.telemetry import traces


def new_row(payload: JobPayload, key_id: str, lifetime: float, session_id: str | None = None) -> dict[str, Any]:
    """Values of a new job's row."""
    now = datetime.now(UTC)
    return {
        "id": new_id("job"),
        "key_id": key_id,
        "session_id": session_id,
        "kind": payload.kind,
        "queue": payload.queue,
        "version": payload.version,
        "payload": payload.model_dump(mode="json"),
        "trace": traces.headers(),
        "status": Status.queued.value,
        "run": 0,
        "n": 0,
        "created_at": now,
        "expires_at": now + timedelta(seconds=lifetime),
    }


_INSERT = sa.text(
    """
    INSERT INTO gateway.jobs
        (id, key_id, session_id, kind, queue, version, payload, trace, status, run, n, created_at, expires_at)
    SELECT * FROM unnest(
        CAST(:id AS text[]), CAST(:key_id AS text[]), CAST(:session_id AS text[]), CAST(:kind AS text[]),
        CAST(:queue AS text[]), CAST(:version AS int[]), CAST(:payload AS jsonb[]), CAST(:trace AS jsonb[]),
        CAST(:status AS text[]), CAST(:run AS int[]), CAST(:n AS int[]), CAST(:created_at AS timestamptz[]),
        CAST(:expires_at AS timestamptz[])
    )
    """
)


async def insert(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows that `new_row` made, in one statement: PostgreSQL takes half as long as for one by one."""
    values: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
    for name in ("payload", "trace"):
        values[name] = [_json(value) for value in values[name]]
    await connection.execute(_INSERT, values)


def message(row: Any) -> JobMessage:
    """The message of a job's row (a mapping or a database row)."""
    values = row if isinstance(row, dict) else row._mapping  # noqa: SLF001  SQLAlchemy's public name for it
    return JobMessage(
        job_id=values["id"],
        kind=values["kind"],
        queue=values["queue"],
        version=values["version"],
        payload=values["payload"],
        trace=values["trace"],
        run=values["run"] + 1,
    )


async def unsent(connection: AsyncConnection, older_than: float, limit: int) -> list[JobMessage]:
    """Queued jobs that RabbitMQ has not confirmed, oldest first, each locked for one relay."""
    rows = await connection.execute(
        sa.select(jobs)
        .where(
            jobs.c.sent_at.is_(None),
            jobs.c.status == Status.queued.value,
            jobs.c.created_at < sa.func.now() - timedelta(seconds=older_than),
        )
        .order_by(jobs.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [message(row).model_copy(update={"resent": True}) for row in rows]


async def mark_sent(connection: AsyncConnection, job_ids: Sequence[str]) -> None:
    """Note that RabbitMQ has these; a job that was taken by a worker meanwhile is marked already."""
    waiting = (
        sa.select(jobs.c.id)
        .where(among(jobs.c.id, job_ids), jobs.c.sent_at.is_(None))
        .order_by(jobs.c.id)  # the order of every writer, so that none waits for another in a circle
        .with_for_update()
    )
    await connection.execute(jobs.update().where(jobs.c.id.in_(waiting)).values(sent_at=sa.func.now()))


async def unsent_count(connection: AsyncConnection) -> tuple[int, float]:
    """How many jobs wait to be sent, and for how many seconds the oldest has."""
    row = (
        await connection.execute(
            sa.select(sa.func.count(), sa.func.extract("epoch", sa.func.now() - sa.func.min(jobs.c.created_at))).where(
                jobs.c.sent_at.is_(None), jobs.c.status == Status.queued.value
            )
        )
    ).one()
    return int(row[0]), float(row[1] or 0.0)


async def get(connection: AsyncConnection, key_id: str, job_id: str) -> sa.Row[Any]:
    """Raises a 404 `Problem`."""
    row = (await connection.execute(sa.select(jobs).where(jobs.c.id == job_id, jobs.c.key_id == key_id))).one_or_none()
    if row is None:
        raise not_found("job", job_id)
    return row


async def page(
    connection: AsyncConnection, key_id: str, *, limit: int, after: str | None, **filters: str | None
) -> tuple[Sequence[sa.Row[Any]], bool]:
    """A page of this key's jobs, newest first, and whether there are more. `filters` are equalities on columns."""
    query = sa.select(jobs).where(jobs.c.key_id == key_id).order_by(jobs.c.id.desc()).limit(limit + 1)
    if after:
        query = query.where(jobs.c.id < after)
    for column, value in filters.items():
        if value is not None:
            query = query.where(jobs.c[column] == value)
    rows = (await connection.execute(query)).all()
    return rows[:limit], len(rows) > limit


async def lock_states(connection: AsyncConnection, job_ids: Iterable[str]) -> dict[str, JobState]:
    """States of these jobs, locked in one order so that two writers never wait for each other."""
    rows = await connection.execute(
        sa.select(
            jobs.c.id, jobs.c.status, jobs.c.run, jobs.c.n, jobs.c.progress, jobs.c.result, jobs.c.result_blob,
            jobs.c.brief, jobs.c.artifacts, jobs.c.error, jobs.c.started_at, jobs.c.completed_at,
            jobs.c.cancel_requested_at,
        )
        .where(among(jobs.c.id, job_ids))
        .order_by(jobs.c.id)
        .with_for_update()
    )  # fmt: skip
    return {row.id: _state(row) for row in rows}


def _state(row: Any) -> JobState:
    return JobState(
        id=row.id,
        status=Status(row.status),
        run=row.run,
        n=row.n,
        progress=row.progress,
        result=row.result,
        result_blob=row.result_blob,
        brief=row.brief,
        artifacts=row.artifacts,
        error=row.error,
        started_at=row.started_at,
        completed_at=row.completed_at,
        cancel_requested=row.cancel_requested_at is not None,
    )


_UPDATE = sa.text(
    """
    UPDATE gateway.jobs AS j SET
        status = v.status, run = v.run, n = v.n, progress = v.progress, result = v.result,
        result_blob = v.result_blob, brief = v.brief, artifacts = v.artifacts, error = v.error,
        started_at = v.started_at, completed_at = v.completed_at, sent_at = coalesce(j.sent_at, now())
    FROM unnest(
        CAST(:id AS text[]), CAST(:status AS text[]), CAST(:run AS int[]), CAST(:n AS int[]),
        CAST(:progress AS jsonb[]), CAST(:result AS jsonb[]), CAST(:result_blob AS text[]), CAST(:brief AS jsonb[]),
        CAST(:artifacts AS jsonb[]), CAST(:error AS jsonb[]), CAST(:started_at AS timestamptz[]),
        CAST(:completed_at AS timestamptz[])
    ) AS v(id, status, run, n, progress, result, result_blob, brief, artifacts, error, started_at, completed_at)
    WHERE j.id = v.id
    """
)

_INSERT_EVENTS = sa.text(
    """
    INSERT INTO gateway.job_events (job_id, run, n, type, at, data)
    SELECT * FROM unnest(
        CAST(:job_id AS text[]), CAST(:run AS int[]), CAST(:n AS int[]), CAST(:type AS text[]),
        CAST(:at AS timestamptz[]), CAST(:data AS jsonb[])
    )
    ON CONFLICT DO NOTHING
    """
)


async def save_states(connection: AsyncConnection, states: Sequence[JobState]) -> None:
    """Write back states that `lock_states` gave, in one statement."""
    if not states:
        return
    plain = ("id", "status", "run", "n", "result_blob", "started_at", "completed_at")
    values: dict[str, list[Any]] = {name: [getattr(state, name) for state in states] for name in plain}
    for name in ("progress", "result", "brief", "artifacts", "error"):
        values[name] = [_json(getattr(state, name)) for state in states]
    await connection.execute(_UPDATE, values)


async def add_events(connection: AsyncConnection, events: Sequence[JobEvent]) -> None:
    """Append to the log; events that are there already are left alone."""
    if not events:
        return
    values: dict[str, list[Any]] = {
        name: [getattr(event, name) for event in events] for name in ("job_id", "run", "n", "type", "at")
    }
    values["data"] = [_json(event.data) for event in events]
    await connection.execute(_INSERT_EVENTS, values)


_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def _json(value: Any) -> str | None:
    """As PostgreSQL takes it: it knows no NUL character in a text, and JSON no infinite number."""
    if value is None:
        return None
    text = to_json(value, inf_nan_mode="null").decode()
    return _NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text


async def events_after(
    connection: AsyncConnection, job_id: str, after: tuple[int, int]
) -> tuple[list[JobEvent], JobEvent | None] | None:
    """The log of a job after `(run, n)`, oldest first, and the event that ended the job, if it has ended.

    None if there is no such job. The first event, `queued`, is kept in the job's own row.
    """
    columns = (jobs.c.created_at, jobs.c.completed_at, jobs.c.status)
    job = (await connection.execute(sa.select(*columns).where(jobs.c.id == job_id))).one_or_none()
    if job is None:
        return None
    wanted = sa.tuple_(job_events.c.run, job_events.c.n) > sa.tuple_(*after)
    if job.completed_at is not None:
        wanted = sa.or_(wanted, job_events.c.type == job.status)
    rows = await connection.execute(
        sa.select(job_events).where(job_events.c.job_id == job_id, wanted).order_by(job_events.c.run, job_events.c.n)
    )
    found = [
        JobEvent(job_id=row.job_id, run=row.run, n=row.n, type=EventType(row.type), at=row.at, data=row.data)
        for row in rows
    ]
    # It ended now if nothing came after: an operator may have reopened it.
    end = found[-1] if found and found[-1].type.terminal else None
    found = [event for event in found if (event.run, event.n) > after]
    if after < (0, 0):
        found.insert(0, JobEvent(job_id=job_id, run=0, n=0, type=EventType.queued, at=job.created_at))
    return found, end


async def request_cancel(connection: AsyncConnection, job_id: str) -> None:
    await connection.execute(
        jobs.update()
        .where(jobs.c.id == job_id, jobs.c.cancel_requested_at.is_(None))
        .values(cancel_requested_at=sa.func.now())
    )
