"""The earlier digest bot's debug calls, served only with `WARREN_DEBUG`."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.responses import Response

from gateway import earlier_schemas
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.lifecycle import Status
from gateway.models import jobs
from gateway.openapi import answers
from warren.contracts.base import JobPayload
from warren.contracts.gateway import Housekeeping

router = APIRouter(prefix="/api/debug", tags=["earlier clients"])

MOST = 1000

_NAMES = {Status.in_progress: "active", Status.retrying: "scheduled", Status.queued: "reserved"}
"""What Celery calls these."""


@router.get(
    "/celery-status",
    summary="Jobs that are not over (earlier clients, debug)",
    responses=answers(earlier_schemas.EarlierCeleryStatus, 200),
)
async def celery_status(gateway: Parts, key: Caller) -> Response:
    """Of this key. Celery's own inspection is switched off; the jobs' rows know as much."""
    async with gateway.database.transaction() as connection:
        rows = await connection.execute(
            sa.select(jobs.c.id, jobs.c.kind, jobs.c.queue, jobs.c.status, jobs.c.started_at)
            .where(jobs.c.key_id == key.id, jobs.c.completed_at.is_(None))
            .order_by(jobs.c.id)
            .limit(MOST)
        )
        found = rows.all()
    told: dict[str, dict[str, list[dict[str, Any]]]] = {name: defaultdict(list) for name in _NAMES.values()}
    for row in found:
        task = {"id": row.id, "name": row.kind, "time_start": row.started_at}
        told[_NAMES[Status(row.status)]][row.queue].append(task)
    stats = {queue: {"total": n} for queue, n in Counter(row.queue for row in found).items()}
    return Answer({**told, "stats": stats, "registered": _registered()})


def _registered() -> dict[str, list[str]]:
    """The job kinds that this gateway knows, by queue."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for payload in JobPayload.__subclasses__():
        kinds[payload.queue].append(payload.kind)
    return kinds


@router.post(
    "/test-celery-task",
    summary="Start a harmless job (earlier clients, debug)",
    responses=answers(earlier_schemas.EarlierAccepted, 200),
)
async def test_celery_task(gateway: Parts, key: Caller) -> Response:
    """The gateway's housekeeping, which runs every minute anyway."""
    row = await gateway.submit(Housekeeping(slot=f"debug {datetime.now(UTC).isoformat()}"), key.id)
    return Answer({"success": True, "task_id": row["id"], "status": "queued"})
