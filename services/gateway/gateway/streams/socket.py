"""What every WebSocket of the gateway does: admit, limit, answer errors with a type, close properly."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pydantic_core import to_json

from gateway import problems
from gateway.auth import count, offered_protocols, origin_allowed, socket_caller
from gateway.service import Gateway
from gateway.store.keys import ApiKey
from gateway.streams.places import Place

log = structlog.get_logger(__name__)

SEND_SECONDS = 30.0
"""A client that takes nothing for this long is cut off; it can resume."""
CLOSE_SECONDS = 1.0

BAD_MESSAGE = 4400
NO_KEY = 4401
TOO_MANY = 4429
TOO_BIG = 1009
CRASHED = 1011
OVERLOADED = 1013
"""Also: PostgreSQL is away; come back later."""


class Hangup(Exception):
    """Tell the client what is wrong, then close with this code."""

    def __init__(self, close_code: int, code: str, message: str) -> None:
        super().__init__(message)
        self.close_code = close_code
        self.code = code
        self.message = message


class Socket:
    """An admitted WebSocket; sends are one at a time and bounded in time."""

    def __init__(self, socket: WebSocket, key: ApiKey, place: Place) -> None:
        self._socket = socket
        self._place = place
        self._sending = asyncio.Lock()
        self._upcoming: asyncio.Task[MutableMapping[str, Any]] | None = None
        self.key = key
        self.gateway: Gateway = socket.app.state.gateway

    async def count(self) -> None:
        """Count something the client wants like a request. Raises a 429 `Problem`."""
        await count(self.gateway, self.key, self._socket)

    async def send(self, message: dict[str, Any]) -> None:
        """Raises `WebSocketDisconnect` when the client is gone or takes nothing."""
        text = to_json(message, inf_nan_mode="null").decode()
        async with self._sending:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._socket.send_text(text)
            except (TimeoutError, RuntimeError):
                raise WebSocketDisconnect(OVERLOADED) from None

    async def error(self, code: str, message: str, **more: Any) -> None:
        await self.send({"type": "error", "code": code, "message": message, **more})

    async def receive(self, max_bytes: int) -> dict[str, Any]:
        """The next JSON object. Raises `Hangup` for anything else, `WebSocketDisconnect` at the end, `KeyRevoked`
        when that happens."""
        message = await self._peek()
        self._upcoming = None
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

    async def while_there(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this until it is done or the client is gone. What it sends meanwhile waits for `receive()`."""
        working, gone = asyncio.ensure_future(work), asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (working, gone):
                task.cancel()
            results = await asyncio.gather(working, gone, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _gone(self) -> None:
        if (await self._peek())["type"] != "websocket.disconnect":
            await self._place.wait(asyncio.get_running_loop().create_future())

    async def _peek(self) -> MutableMapping[str, Any]:
        self._upcoming = self._upcoming or asyncio.ensure_future(self._socket.receive())
        await self._place.wait(self._upcoming)
        return self._upcoming.result()


@asynccontextmanager
async def admitted(socket: WebSocket, scope: str) -> AsyncIterator[Socket | None]:
    """Accept and serve a WebSocket within the block; None if it was refused. Ends it with the right close code.

    `scope` is what the key must be allowed to do: read or write.
    """
    gateway: Gateway = socket.app.state.gateway
    if not origin_allowed(socket.headers, gateway.settings.cors_origins):
        await socket.close(NO_KEY, "this origin may not connect")
        yield None
        return
    # Accepted first in any case: a browser's script sees why it was refused only on an open WebSocket.
    await socket.accept("bearer" if "bearer" in offered_protocols(socket) else None)
    try:
        key = await socket_caller(socket, scope)
        gateway.places.check(key.id)
    except Exception as error:  # noqa: BLE001  each has its close code
        await _hang_up(socket, _hangup_for(error))
        yield None
        return
    with gateway.places.taken(key.id) as place:
        try:
            yield Socket(socket, key, place)
        except Hangup as hangup:
            await _hang_up(socket, hangup)
        except WebSocketDisconnect as gone:
            if gone.code == OVERLOADED:
                await _hang_up(socket, Hangup(OVERLOADED, "client.too_slow", "You take no messages; come back later."))
        except Exception as error:  # noqa: BLE001
            await _hang_up(socket, _hangup_for(error))


def _hangup_for(error: Exception) -> Hangup:
    """How to end a connection on which something went wrong."""
    problem = problems.of(error)
    if problem.status_code == 500:
        log.error("socket_crashed", exc_info=error)
    close_code = {401: NO_KEY, 403: NO_KEY, 429: TOO_MANY, 500: CRASHED, 503: OVERLOADED}
    return Hangup(close_code.get(problem.status_code, BAD_MESSAGE), problem.code, problem.detail)


async def _hang_up(socket: WebSocket, hangup: Hangup) -> None:
    """Say why, and close. A client that takes nothing gets neither: then its connection ends without a word."""
    error = {"type": "error", "code": hangup.code, "message": hangup.message}
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.send_text(json.dumps(error))
            # RFC 6455: a reason has at most 123 bytes.
            await socket.close(hangup.close_code, hangup.message.encode()[:120].decode(errors="ignore"))
    except (WebSocketDisconnect, RuntimeError, TimeoutError):
        return
