"""What every WebSocket of the gateway does: admit, limit, answer errors with a type, close properly."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from gateway.auth import origin_allowed, socket_caller
from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store.keys import ApiKey
from gateway.streams.places import Places

SEND_SECONDS = 30.0
"""A client that takes nothing for this long is cut off; it can resume."""

BAD_MESSAGE = 4400
NO_KEY = 4401
TOO_MANY = 4429
TOO_BIG = 1009
OVERLOADED = 1013


class Hangup(Exception):
    """Tell the client what is wrong, then close with this code."""

    def __init__(self, close_code: int, code: str, message: str) -> None:
        super().__init__(message)
        self.close_code = close_code
        self.code = code
        self.message = message


class Socket:
    """An admitted WebSocket; sends are one at a time and bounded in time."""

    def __init__(self, socket: WebSocket, key: ApiKey) -> None:
        self._socket = socket
        self._sending = asyncio.Lock()
        self.key = key
        self.gateway: Gateway = socket.app.state.gateway

    async def send(self, message: dict[str, Any]) -> None:
        """Raises `WebSocketDisconnect` when the client is gone or takes nothing."""
        text = json.dumps(message, ensure_ascii=False, default=str)
        async with self._sending:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._socket.send_text(text)
            except (TimeoutError, RuntimeError):
                raise WebSocketDisconnect(OVERLOADED) from None

    async def error(self, code: str, message: str, **more: Any) -> None:
        await self.send({"type": "error", "code": code, "message": message, **more})

    async def receive(self, max_bytes: int) -> dict[str, Any]:
        """The next JSON object. Raises `Hangup` for anything else, `WebSocketDisconnect` at the end."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        text = message.get("text")
        if text is None:
            raise Hangup(BAD_MESSAGE, "message.not_text", "Send JSON as text frames.")
        if len(text) > max_bytes:
            raise Hangup(TOO_BIG, "message.too_large", f"Messages may have up to {max_bytes} bytes.")
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            raise Hangup(BAD_MESSAGE, "message.not_json", "The message is not JSON.") from None
        if not isinstance(content, dict):
            raise Hangup(BAD_MESSAGE, "message.not_an_object", "The message is not a JSON object.")
        return content


@asynccontextmanager
async def admitted(socket: WebSocket) -> AsyncIterator[Socket | None]:
    """Accept and serve a WebSocket within the block; None if it was refused. Ends it with the right close code."""
    gateway: Gateway = socket.app.state.gateway
    places: Places = socket.app.state.places
    if not origin_allowed(socket.headers, gateway.settings.cors_origins):
        await socket.close(NO_KEY, "this origin may not connect")
        yield None
        return
    key, subprotocol = await socket_caller(socket)
    await socket.accept(subprotocol)
    if key is None:
        await _hang_up(socket, Hangup(NO_KEY, "key.invalid", "A valid key or ticket is needed."))
        yield None
        return
    try:
        places.check(key.id)
    except Problem as problem:
        await _hang_up(socket, Hangup(TOO_MANY, problem.code, problem.detail))
        yield None
        return
    with places.taken(key.id):
        try:
            yield Socket(socket, key)
        except Hangup as hangup:
            await _hang_up(socket, hangup)
        except WebSocketDisconnect as gone:
            if gone.code == OVERLOADED:
                await _close(socket, OVERLOADED, "the client takes no messages")


async def _hang_up(socket: WebSocket, hangup: Hangup) -> None:
    text = json.dumps({"type": "error", "code": hangup.code, "message": hangup.message})
    try:
        await socket.send_text(text)
    except (WebSocketDisconnect, RuntimeError):
        return
    await _close(socket, hangup.close_code, hangup.message)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        # RFC 6455: a reason has at most 123 bytes.
        await socket.close(code, reason.encode()[:120].decode(errors="ignore"))
    except (WebSocketDisconnect, RuntimeError):
        return
