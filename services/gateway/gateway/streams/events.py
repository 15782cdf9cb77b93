"""`WS /v1/events`: one socket watches many jobs."""

import asyncio
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, WebSocket

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
    async with admitted(websocket, "read") as socket:
        if socket is not None:
            await _serve(socket)


async def _serve(socket: Socket) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            client = _Client(socket, group)
            while True:
                await client.obey(await socket.receive(MAX_MESSAGE_BYTES))
    except BaseExceptionGroup as ended:
        # The first is why: a message that cannot be, a client that is gone, or one that takes nothing.
        raise ended.exceptions[0] from None


class _Client:
    """What one socket watches: a task of `group` for each job."""

    def __init__(self, socket: Socket, group: asyncio.TaskGroup) -> None:
        self._socket = socket
        self._group = group
        self._watching: dict[str, asyncio.Task[None]] = {}

    async def obey(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "ping":
                await self._socket.send({"type": "pong"})
            case "watch":
                await self._watch(message)
            case "unwatch":
                self._forget(_job_id(message))
            case other:
                detail = f"Unknown type {other!r}: send watch, unwatch or ping."
                raise Hangup(BAD_MESSAGE, "message.unknown_type", detail)

    async def _watch(self, message: dict[str, Any]) -> None:
        job_id = _job_id(message)
        after = message.get("after")
        if after is not None and not isinstance(after, str):
            raise Hangup(BAD_MESSAGE, "message.invalid", "after: an event id like 1-17, or null.")
        self._forget(job_id)
        limit = self._socket.gateway.settings.max_watches_per_socket
        if len(self._watching) >= limit:
            detail = f"One socket may watch {limit} jobs at a time."
            await self._socket.error("watches.too_many", detail, job_id=job_id)
            return
        try:
            position = parse_position(after)
            await self._socket.gateway.job(self._socket.key.id, job_id)
        except Problem as problem:
            await self._socket.error(problem.code, problem.detail, job_id=job_id)
            return
        task = self._group.create_task(self._forward(job_id, position))
        self._watching[job_id] = task
        task.add_done_callback(lambda done: self._watching.get(job_id) is done and self._watching.pop(job_id))

    def _forget(self, job_id: str) -> None:
        task = self._watching.pop(job_id, None)
        if task is not None:
            task.cancel()

    async def _forward(self, job_id: str, after: Position) -> None:
        async with aclosing(self._socket.gateway.watches.events(job_id, after)) as happening:
            async for event in happening:
                await self._socket.send(views.event(event))


def _job_id(message: dict[str, Any]) -> str:
    job_id = message.get("job_id")
    if not isinstance(job_id, str):
        raise Hangup(BAD_MESSAGE, "message.invalid", "job_id: the id of a job.")
    return job_id
