"""`WS /v1/events`: one socket watches many jobs."""

import asyncio
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from gateway import views
from gateway.problems import Problem
from gateway.streams.socket import BAD_MESSAGE, Hangup, Socket, admitted
from gateway.streams.sse import parse_position
from gateway.watches import Position

router = APIRouter()

MAX_MESSAGE_BYTES = 65_536


@router.websocket("/v1/events")
async def events(websocket: WebSocket) -> None:
    """Client: `{"type": "watch", "job_id", "after"}`, `{"type": "unwatch", "job_id"}`, `{"type": "ping"}`."""
    async with admitted(websocket) as socket:
        if socket is not None:
            await _serve(socket)


async def _serve(socket: Socket) -> None:
    watching: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            message = await socket.receive(MAX_MESSAGE_BYTES)
            for job_id in [job_id for job_id, task in watching.items() if task.done()]:
                del watching[job_id]
            await _obey(socket, message, watching)
    finally:
        for task in watching.values():
            task.cancel()
        await asyncio.gather(*watching.values(), return_exceptions=True)


async def _obey(socket: Socket, message: dict[str, Any], watching: dict[str, asyncio.Task[None]]) -> None:
    match message.get("type"):
        case "ping":
            await socket.send({"type": "pong"})
        case "watch":
            await _watch(socket, message, watching)
        case "unwatch":
            task = watching.pop(_job_id(message), None)
            if task is not None:
                task.cancel()
        case other:
            raise Hangup(BAD_MESSAGE, "message.unknown_type", f"Unknown type {other!r}: send watch, unwatch or ping.")


async def _watch(socket: Socket, message: dict[str, Any], watching: dict[str, asyncio.Task[None]]) -> None:
    job_id = _job_id(message)
    after = message.get("after")
    if after is not None and not isinstance(after, str):
        raise Hangup(BAD_MESSAGE, "message.invalid", "after: an event id like 1-17, or null.")
    if job_id in watching:
        watching.pop(job_id).cancel()
    limit = socket.gateway.settings.max_watches_per_socket
    if len(watching) >= limit:
        await socket.error("watches.too_many", f"One socket may watch {limit} jobs at a time.", job_id=job_id)
        return
    try:
        position = parse_position(after)
        await socket.gateway.job(socket.key.id, job_id)
    except Problem as problem:
        await socket.error(problem.code, problem.detail, job_id=job_id)
        return
    watching[job_id] = asyncio.create_task(_forward(socket, job_id, position))


async def _forward(socket: Socket, job_id: str, after: Position) -> None:
    async with aclosing(socket.gateway.watches.events(job_id, after)) as happening:
        try:
            async for event in happening:
                await socket.send(views.event(event))
        except WebSocketDisconnect:
            return


def _job_id(message: dict[str, Any]) -> str:
    job_id = message.get("job_id")
    if not isinstance(job_id, str):
        raise Hangup(BAD_MESSAGE, "message.invalid", "job_id: the id of a job.")
    return job_id
