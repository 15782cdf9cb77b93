"""Calls of the earlier CSV analyst's clients, as a thin layer over the same parts that `/v1` uses."""

import base64
import binascii
import io
import re
from contextlib import aclosing
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Request, WebSocket
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from starlette.datastructures import UploadFile

from gateway import analyses, earlier_schemas, uploads, views
from gateway.analyses import AnalysisRequest
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.lifecycle import Status
from gateway.openapi import ID_PATTERN, answers, errors, form_body
from gateway.problems import Problem, invalid
from gateway.service import Gateway
from gateway.store import sessions
from gateway.store.keys import ApiKey
from gateway.streams.socket import BAD_MESSAGE, Hangup, Socket, admitted
from gateway.uploads import Stored
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

URL_ENCODED = "application/x-www-form-urlencoded"

_CSV_URI = re.compile(r"data:[\w.+/-]*;base64,")


class EarlierForm(BaseModel):
    """A question about a file, or about the session's latest."""

    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    session_id: str | None = Field(None, max_length=100)


@router.post(
    "/api/sessions", summary="Start a session (earlier clients)", responses=answers(earlier_schemas.EarlierSession, 200)
)
async def create_session(gateway: Parts, key: Caller) -> Response:
    async with gateway.database.transaction() as connection:
        row = await sessions.create(connection, key.id, gateway.settings.session_expire_seconds)
    return Answer({"session_id": row.id})


@router.post(
    "/api/analyze-async",
    summary="Ask a question about a file (earlier clients)",
    responses=answers(earlier_schemas.EarlierAccepted, 200) | errors(400, 404, 410, 413, 415),
    openapi_extra=form_body(EarlierForm, file_required=False),
)
async def analyze_async(request: Request, gateway: Parts, key: Caller) -> Response:
    """Multipart `session_id`, `file`, `query`."""
    if not request.headers.get("Content-Type", "").lower().startswith(("multipart/form-data", URL_ENCODED)):
        raise Problem(415, "request.media_type", "Send multipart/form-data with a file.")
    async with uploads.form(request, gateway) as (fields, stored):
        row = await _accept(gateway, key, fields, stored)
    return Answer({"success": True, "task_id": row["id"], "status": "queued"})


@router.get(
    "/api/tasks/{task_id}",
    summary="Look at a task (earlier clients)",
    responses=answers(earlier_schemas.EarlierTask, 200, 404) | errors(410),
)
async def get_task(task_id: Annotated[str, Path(pattern=ID_PATTERN)], gateway: Parts, key: Caller) -> Response:
    try:
        row = await gateway.job(key.id, task_id)
    except Problem as problem:
        if problem.status_code != 404:
            raise
        return Answer({"task_id": task_id, "status": "PENDING", "error": problem.detail}, 404)
    return Answer(await _task(gateway, row))


async def _task(gateway: Gateway, row: sa.Row[Any]) -> dict[str, Any]:
    status = Status(row.status)
    task: dict[str, Any] = {"task_id": row.id, "status": CELERY_STATES[status]}
    if status is Status.completed:
        task["result"] = await _result(gateway, row)
    elif status.terminal:
        task["result"] = _failure(row.error)
        task["error"] = task["result"]["error"]
    else:
        task["meta"] = _meta(row.progress or {}, row.run)
    return task


async def _result(gateway: Gateway, row: sa.Row[Any]) -> dict[str, Any]:
    report = (await gateway.view(row))["result"] or {}
    return {**report, "success": True, "plots": [plot["image"] for plot in report.get("plots", ())]}


def _failure(error: dict[str, Any] | None) -> dict[str, Any]:
    known = error or {"code": "job.cancelled", "message": "The task was cancelled."}
    return {"success": False, "error": known["message"], "code": known["code"], "plots": []}


def _meta(progress: dict[str, Any], run: int) -> dict[str, Any]:
    return {"status": progress.get("message") or "Queued", "attempt": views.attempt(progress, run)}


@router.websocket("/ws/analyze/{session_id}")
async def analyze_socket(websocket: WebSocket, session_id: str) -> None:
    """Client: `{"type": "analyze", "file_base64", "query"}`; server: `progress`, then `result` or `error`."""
    async with admitted(websocket, "write") as socket:
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
    max_bytes = gateway.settings.max_upload_bytes * 4 // 3 + uploads.TEXT_BYTES
    while True:
        message = await socket.receive(max_bytes)
        if message.get("type") != "analyze":
            raise Hangup(BAD_MESSAGE, "message.unknown_type", f"Unknown type {message.get('type')!r}: send analyze.")
        try:
            await socket.count()
            upload = _decode(message.get("file_base64"))
            async with uploads.stored(upload, gateway.blobs, gateway.settings.max_upload_bytes) as stored:
                fields = {"query": message.get("query"), "session_id": session_id}
                row = await _accept(gateway, socket.key, fields, stored)
        except Problem as problem:
            await socket.error(problem.code, problem.detail)
            continue
        await socket.while_there(_follow(socket, row["id"]))


async def _follow(socket: Socket, job_id: str) -> None:
    gateway = socket.gateway
    async with aclosing(gateway.watches.events(job_id)) as happening:
        async for event in happening:
            if event.type is EventType.completed:
                result = await _result(gateway, await gateway.job(socket.key.id, job_id))
                await socket.send({"type": "result", "task_id": job_id, "result": result})
            elif event.type.terminal:
                failure = _failure(event.data or None)
                await socket.send({"type": "error", "task_id": job_id, "message": failure["error"], **failure})
            else:
                await socket.send({"type": "progress", "task_id": job_id, "meta": _event_meta(event)})


def _event_meta(event: JobEvent) -> dict[str, Any]:
    words = {EventType.queued: "Queued", EventType.started: "Started", EventType.retrying: "Trying again soon"}
    if event.type in words:
        return {"status": words[event.type], "attempt": views.attempt({}, event.run)}
    return _meta(event.data, event.run)


def _decode(text: Any) -> UploadFile | None:
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise Problem(422, "request.invalid", "/file_base64: the file's bytes as base64 text.")
    try:
        data = base64.b64decode(_CSV_URI.sub("", text[:200]) + text[200:], validate=True)
    except (binascii.Error, ValueError):
        raise Problem(422, "request.invalid", "/file_base64: this is not base64.") from None
    return UploadFile(io.BytesIO(data), filename="data.csv", size=len(data))


async def _accept(gateway: Gateway, key: ApiKey, fields: dict[str, Any], stored: Stored | None) -> dict[str, Any]:
    """Accept a question as a job; returns its row. Raises `Problem`s."""
    try:
        form = EarlierForm.model_validate(fields)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from None
    asked = AnalysisRequest(question=form.query, session_id=form.session_id or None)
    async with gateway.database.transaction() as connection:
        row = await analyses.accept(connection, gateway, key, asked, stored.file if stored else None)
    if stored is not None:
        stored.used = True
    gateway.publish(row)
    return row
