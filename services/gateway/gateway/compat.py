"""Calls of the earlier CSV analyst's clients, as a thin layer over the same parts that `/v1` uses."""

import asyncio
import base64
import binascii
import io
import re
from contextlib import aclosing
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from gateway import analyses
from gateway.auth import Caller, Parts
from gateway.lifecycle import Status
from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store import sessions
from gateway.store.keys import ApiKey
from gateway.streams.socket import BAD_MESSAGE, Hangup, Socket, admitted
from warren.contracts.events import EventType, JobEvent

router = APIRouter(tags=["earlier clients"])

CELERY_STATES = {
    Status.queued: "PENDING",
    Status.in_progress: "PROCESSING",
    Status.retrying: "PROCESSING",
    Status.completed: "SUCCESS",
    Status.failed: "FAILURE",
    Status.cancelled: "REVOKED",
    Status.expired: "REVOKED",
}
"""Our states under the names those clients poll for."""

_CSV_URI = re.compile(r"data:[\w.+/-]*;base64,")


@router.post("/api/sessions", summary="Start a session (earlier clients)")
async def create_session(gateway: Parts, key: Caller) -> dict[str, Any]:
    async with gateway.database.transaction() as connection:
        row = await sessions.create(connection, key.id, gateway.settings.session_expire_seconds)
    return {"session_id": row.id}


@router.post("/api/analyze-async", summary="Ask a question about a file (earlier clients)")
async def analyze_async(request: Request, gateway: Parts, key: Caller) -> dict[str, Any]:
    """Multipart `session_id`, `file`, `query`."""
    form = await request.form(max_files=1, max_fields=analyses.MAX_FORM_FIELDS)
    upload = form.get("file")
    file = upload if isinstance(upload, UploadFile) else None
    row = await _accept(gateway, key, form.get("session_id"), form.get("query"), file)
    return {"success": True, "task_id": row["id"], "status": "queued"}


@router.get("/api/tasks/{task_id}", summary="Look at a task (earlier clients)")
async def get_task(task_id: str, gateway: Parts, key: Caller) -> Response:
    try:
        row = await gateway.job(key.id, task_id)
    except Problem as problem:
        if problem.status != 404:
            raise
        return JSONResponse({"task_id": task_id, "status": "PENDING", "error": problem.detail}, 404)
    return JSONResponse(await _task(gateway, row))


async def _task(gateway: Gateway, row: sa.Row[Any]) -> dict[str, Any]:
    status = Status(row.status)
    task: dict[str, Any] = {"task_id": row.id, "status": CELERY_STATES[status]}
    if status is Status.completed:
        task["result"] = await _result(gateway, row)
    elif status.terminal:
        task["result"] = _failure(row.error)
        task["error"] = task["result"]["error"]
    else:
        task["meta"] = _meta(row.progress or {})
    return task


async def _result(gateway: Gateway, row: sa.Row[Any]) -> dict[str, Any]:
    report = (await gateway.view(row))["result"] or {}
    return {**report, "success": True, "plots": [plot["image"] for plot in report.get("plots", ())]}


def _failure(error: dict[str, Any] | None) -> dict[str, Any]:
    known = error or {"code": "job.cancelled", "message": "The task was cancelled."}
    return {"success": False, "error": known["message"], "code": known["code"], "plots": []}


def _meta(progress: dict[str, Any]) -> dict[str, Any]:
    return {"status": progress.get("message") or "Queued", "attempt": progress.get("attempt") or 1}


@router.websocket("/ws/analyze/{session_id}")
async def analyze_socket(websocket: WebSocket, session_id: str) -> None:
    """Client: `{"type": "analyze", "file_base64", "query"}`; server: `progress`, then `result` or `error`."""
    async with admitted(websocket) as socket:
        if socket is not None:
            await _converse(socket, session_id)


async def _converse(socket: Socket, session_id: str) -> None:
    gateway = socket.gateway
    try:
        async with gateway.database.transaction() as connection:
            await sessions.get(connection, socket.key.id, session_id)
    except Problem as problem:
        raise Hangup(BAD_MESSAGE, problem.code, problem.detail) from None
    # Base64 makes four characters of three bytes; the rest of the message is small.
    max_bytes = gateway.settings.max_upload_bytes * 4 // 3 + analyses.MAX_FORM_FIELDS * 10_000
    while True:
        message = await socket.receive(max_bytes)
        if message.get("type") != "analyze":
            raise Hangup(BAD_MESSAGE, "message.unknown_type", f"Unknown type {message.get('type')!r}: send analyze.")
        try:
            row = await _accept(
                gateway, socket.key, session_id, message.get("query"), await _decode(message.get("file_base64"))
            )
        except Problem as problem:
            await socket.error(problem.code, problem.detail)
            continue
        await _follow(socket, row["id"])


async def _follow(socket: Socket, job_id: str) -> None:
    gateway = socket.gateway
    async with aclosing(gateway.watches.events(job_id)) as happening:
        async for event in happening:
            if event.type is EventType.completed:
                await socket.send({"type": "result", "task_id": job_id, "result": await _result_of(socket, job_id)})
            elif event.type.terminal:
                failure = _failure(event.data or None)
                await socket.send({"type": "error", "task_id": job_id, "message": failure["error"], **failure})
            else:
                await socket.send({"type": "progress", "task_id": job_id, "meta": _event_meta(event)})


async def _result_of(socket: Socket, job_id: str) -> dict[str, Any]:
    # The live event may be a moment ahead of the recorder that writes the row.
    while True:
        row = await socket.gateway.job(socket.key.id, job_id)
        if row.completed_at is not None:
            return await _result(socket.gateway, row)
        await asyncio.sleep(0.02)


def _event_meta(event: JobEvent) -> dict[str, Any]:
    words = {EventType.queued: "Queued", EventType.started: "Started", EventType.retrying: "Trying again soon"}
    if event.type in words:
        return {"status": words[event.type], "attempt": 1}
    return _meta(event.data)


async def _decode(text: Any) -> UploadFile | None:
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise Problem(422, "request.invalid", "file_base64: the file's bytes as base64 text.")
    try:
        data = base64.b64decode(_CSV_URI.sub("", text[:200]) + text[200:], validate=True)
    except (binascii.Error, ValueError):
        raise Problem(422, "request.invalid", "file_base64: this is not base64.") from None
    return UploadFile(io.BytesIO(data), filename="data.csv", size=len(data))


async def _accept(
    gateway: Gateway, key: ApiKey, session_id: Any, query: Any, upload: UploadFile | None
) -> dict[str, Any]:
    if not isinstance(query, str) or not query.strip():
        raise Problem(422, "request.invalid", "query: ask a question about the file.")
    if session_id is not None and not isinstance(session_id, str):
        raise Problem(422, "request.invalid", "session_id: the id from POST /api/sessions.")
    kept = await analyses.keep_upload(gateway, upload)
    asked = analyses.validated({"question": query, "session_id": session_id or None})
    async with gateway.database.transaction() as connection:
        row = await analyses.accept(connection, gateway, key, asked, kept)
    gateway.publish(row)
    return row
