"""The other side of the live audio protocol, by a script: keeps what it is sent, says what a test wants said."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.app import CONSOLE, Assets, console
from warren.embedded import free_port

Script = Callable[["Line"], Awaitable[None]]
"""What the server does with one connection, once it has accepted it."""

HEAR_SECONDS = 20.0


class Line:
    """One connection of a stream. `chunks` is all its audio, `acknowledged` the last `seq` it was told."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self.query = dict(socket.query_params)
        self.chunks: list[bytes] = []
        self.acknowledged = int(self.query.get("after_seq", 0))
        self.messages: list[str] = []
        self.finals = 0

    async def ready(self, token: str = "token-1") -> None:
        await self.tell(
            type="ready", stream_id="job_1", resume_token=token, max_chunk_bytes=1_048_576, seq=self.acknowledged
        )

    async def hear(self, chunks: int, *, acknowledge: bool = True, lag_ms: int = 0) -> None:
        """Wait for so many more chunks."""
        for _ in range(chunks):
            await self._receive()
            if acknowledge:
                await self.acknowledge(lag_ms)

    async def hear_all(self) -> None:
        """Acknowledge everything until the client says that it was all."""
        while not self.messages or self.messages[-1] != "end":
            heard = len(self.chunks)
            await self._receive()
            if len(self.chunks) > heard:
                await self.acknowledge()

    async def acknowledge(self, lag_ms: int = 0) -> None:
        self.acknowledged += 1
        size = len(self.chunks[-1])
        await self.tell(type="ack", status="received", size=size, seq=self.acknowledged, audio_ms=0, lag_ms=lag_ms)

    async def say(self, text: str, start: float, end: float, *, final: bool = True) -> None:
        more = {"confidence": 0.9, "language": "en", "words": [], "seq": self.finals + 1}
        self.finals += int(final)
        await self.tell(type="transcript", final=final, start=start, end=end, text=text, **more)

    async def tell(self, **message: Any) -> None:
        await self._socket.send_text(json.dumps(message))

    async def close(self, code: int, reason: str = "") -> None:
        await self._socket.close(code, reason)

    async def done(self) -> None:
        await self.tell(type="done", duration=1.0, text="")
        await self.close(1000)

    async def _receive(self) -> None:
        async with asyncio.timeout(HEAR_SECONDS):
            message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        if message.get("bytes") is not None:
            self.chunks.append(message["bytes"])
        else:
            self.messages.append(json.loads(message["text"])["type"])


@dataclass
class SpeechServer:
    """Serves the console's page, and each stream by the next script (the last one serves all that follow)."""

    url: str
    scripts: list[Script] = field(default_factory=list)
    refuse: int | None = None
    """HTTP status with which a handshake is turned down."""
    lines: list[Line] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    """Name and content of every recording that was sent."""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Of a file's job: what its watcher is told, with the type of each event."""
    outcome: dict[str, Any] = field(default_factory=dict)
    """What a file's job looks like afterwards."""
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    proceed: asyncio.Event = field(default_factory=asyncio.Event)
    """A file's job does not end before."""

    def serve(self, *scripts: Script) -> None:
        self.scripts = list(scripts)

    async def stream(self, socket: WebSocket) -> None:
        if self.refuse is not None:
            await socket.send_denial_response(Response(status_code=self.refuse, headers={"Retry-After": "2"}))
            return
        await socket.accept()
        line = Line(socket)
        script = self.scripts[min(len(self.lines), len(self.scripts) - 1)]
        self.lines.append(line)
        with contextlib.suppress(WebSocketDisconnect):
            await script(line)

    async def list_jobs(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [], "has_more": False, "last_id": None})

    async def ticket(self, _: Request) -> Response:
        return JSONResponse({"ticket": "tkt_1"}, 201)

    async def transcribe(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            self.files.append((file.filename or "", await file.read()))
        return JSONResponse(self._job("in_progress"), 202)

    async def job(self, _: Request) -> Response:
        return JSONResponse(self._job("in_progress") | (self.outcome if self.proceed.is_set() else {}))

    async def cancel(self, _: Request) -> Response:
        self.outcome = {"status": "cancelled"}
        self.proceed.set()
        return JSONResponse(self._job("in_progress"), 202)

    async def watch(self, socket: WebSocket) -> None:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            job_id = (await socket.receive_json())["job_id"]
            for n, (event, data) in enumerate(self.events, 1):
                await socket.send_json(
                    {"type": "event", "job_id": job_id, "id": f"1-{n}", "event": event, "data": data}
                )
            await self.proceed.wait()
            ending = {"event": self.outcome["status"], "data": {}}
            await socket.send_json({"type": "event", "job_id": job_id, "id": "1-99", **ending})
            await socket.receive()

    def _job(self, status: str) -> dict[str, Any]:
        name, content = self.files[-1]
        return {
            "id": "job_file",
            "kind": "transcriber.file",
            "status": status,
            "input": {"question": None, "file": {"id": "file_1", "name": name, "size": len(content)}},
            "created_at": "2026-01-01T00:00:00Z",
            "result": None,
            "error": None,
        }


@contextlib.asynccontextmanager
async def speech_server() -> AsyncIterator[SpeechServer]:
    """A running one."""
    port = free_port()
    server = SpeechServer(f"http://127.0.0.1:{port}")

    class Running(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            server.listening.set()

    app = Starlette(
        routes=[
            Route("/", console),
            Mount("/console", Assets(directory=CONSOLE)),
            Route("/v1/jobs", server.list_jobs),
            Route("/v1/tickets", server.ticket, methods=["POST"]),
            Route("/v1/transcriptions", server.transcribe, methods=["POST"]),
            Route("/v1/jobs/{id}", server.job),
            Route("/v1/jobs/{id}/cancel", server.cancel, methods=["POST"]),
            WebSocketRoute("/v1/audio/stream", server.stream),
            WebSocketRoute("/v1/events", server.watch),
        ]
    )
    running = Running(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(running.serve())
    await server.listening.wait()
    yield server
    server.proceed.set()
    running.should_exit = True
    await serving
