"""Rows as the public API shows them (docs/api.md)."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa

from gateway.models import jobs
from warren.blobs import BlobStore
from warren.contracts.events import JobEvent


def attempt(progress: dict[str, Any], run: int) -> int:
    """What a client counts: the attempts a handler tells of, or the runs of the whole job, whichever is more."""
    return max(progress.get("attempt") or 1, run)


def job(row: sa.Row[Any], result: dict[str, Any] | None = None) -> dict[str, Any]:
    """The job object. `result` is the whole result when it was loaded from its blob."""
    progress = row.progress or {}
    path = f"/v1/jobs/{row.id}"
    file = row.payload.get("file")
    return {
        "id": row.id,
        "object": "job",
        "kind": row.kind,
        "status": row.status,
        "attempt": attempt(progress, row.run),
        "max_attempts": progress.get("of") and max(progress["of"], attempt(progress, row.run)),
        "progress": {name: progress.get(name) for name in ("stage", "message", "percent")} if progress else None,
        "session_id": row.session_id,
        "input": {
            "question": row.payload.get("question") or row.payload.get("message"),
            "file": file and {**{k: file[k] for k in ("name", "size", "sha256")}, "id": file["file_id"]},
            **{name: row.payload.get(name) for name in ("bot_id", "user_id", "track_id")},
        },
        "created_at": row.created_at,
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "expires_at": row.expires_at,
        "cancel_requested_at": row.cancel_requested_at,
        "brief": row.brief,
        "result": result if result is not None else row.result,
        "error": row.error,
        "urls": {
            "self": path,
            "cancel": f"{path}/cancel",
            "events": f"{path}/events",
            "artifacts": f"{path}/artifacts",
        },
    }


def new_job(row: dict[str, Any]) -> dict[str, Any]:
    """The object of a job that was just accepted: its row needs not be read again for that."""
    return job(cast("sa.Row[Any]", SimpleNamespace(**{**dict.fromkeys(jobs.c.keys()), **row})))


async def whole_job(row: sa.Row[Any], blobs: BlobStore) -> dict[str, Any]:
    """The job object with its result, wherever it is kept. Raises `BlobNotFound` if it was deleted."""
    if row.result_blob is None:
        return job(row)
    return job(row, json.loads(await blobs.get(row.result_blob)))


def event(event: JobEvent) -> dict[str, Any]:
    """An event as WebSocket clients get it."""
    # Blob keys are our own business; the job object and its artifacts lead to what they hold.
    data = {name: value for name, value in event.data.items() if name not in {"result_blob", "artifacts"}}
    return {
        "type": "event",
        "job_id": event.job_id,
        "id": event.id,
        "event": event.type.value,
        "at": event.at,
        "data": data,
    }


def session(row: sa.Row[Any]) -> dict[str, Any]:
    return {"id": row.id, "object": "session", "created_at": row.created_at, "expires_at": row.expires_at}


def file(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "object": "file",
        "name": row.name,
        "size": row.size,
        "sha256": row.sha256,
        "session_id": row.session_id,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }


def listing(data: Sequence[dict[str, Any]], has_more: bool) -> dict[str, Any]:
    return {"object": "list", "data": data, "has_more": has_more, "last_id": data[-1]["id"] if data else None}


def complete_list(data: Sequence[Any], **more: Any) -> dict[str, Any]:
    """A list that has no further pages."""
    return {"object": "list", "data": data, "has_more": False, "last_id": None, **more}
