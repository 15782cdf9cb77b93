"""What every WebSocket of the gateway does: admit, limit, answer errors with a type, close properly."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pydantic_core import to_json

from gateway import problems
from gateway.auth import SCHEMES, count, offered_protocols, origin_allowed, socket_caller
from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store.keys import ApiKey
from gateway.streams.places import GoingAway, Place

log = structlog.get_logger(__name__)

SEND_SECONDS = 30.0
"""A client that takes nothing for this long is cut off; it can resume."""
CLOSE_SECONDS = 1.0

DONE = 1000
GOING_AWAY = 1001
TOO_BIG = 1009
CRASHED = 1011
BAD_MESSAGE = 4400
NO_KEY = 4401
IDLE = 4408
TOO_MANY = 4429
OVERLOADED = 1013
"""Also: PostgreSQL is away; come back later."""


ErrorMessage = Callable[..., dict[str, Any]]
"""How a protocol says an error: `code`, `message`, and what else is known of it by name."""


def error_message(code: str, message: str, **more: Any) -> dict[str, Any]:
    return {"type": "error", "code": code, "message": message, **more}


class Hangup(Exception):
    """Tell the client what is wrong, then close with this code. `more` goes with the message."""

    def __init__(self, close_code: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.close_code = close_code
        self.code = code
        self.message = message
        self.more = more


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
        count(self.gateway, self.key, self._socket)

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
        await self.send(error_message(code, message, **more))

    async def close(self) -> None:
        """Say goodbye: all is well."""
        await _close(self._socket, DONE, "")

    async def frame(self, seconds: float | None = None) -> bytes | str | None:
        """The next frame, binary or text; None if there is none for this long. Raises like `receive()`."""
        message = await self._peek(seconds)
        if message is None:
            return None
        self._upcoming = None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        data: bytes | str | None = message.get("bytes")
        return message["text"] if data is None else data

    async def wait(self, work: "asyncio.Future[Any]") -> None:
        """Wait for this without reading, so that the client has to wait too. Raises `KeyRevoked` and `GoingAway`."""
        await self._place.wait(work)

    async def receive(self, max_bytes: int) -> dict[str, Any]:
        """The next JSON object. Raises `Hangup` for anything else, `WebSocketDisconnect` at the end, `KeyRevoked` and
        `GoingAway` when that happens."""
        text = await self.frame()
        if not isinstance(text, str):
            raise Hangup(BAD_MESSAGE, "message.not_text", "Send JSON as text frames.")
        if len(text) > max_bytes:
            raise Hangup(TOO_BIG, "message.too_large", f"Messages may have up to {max_bytes} bytes.")
        try:
            return parse_object(text)
        except Problem as problem:
            raise Hangup(BAD_MESSAGE, problem.code, problem.detail) from None

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
        message = await self._peek()
        if message is not None and message["type"] != "websocket.disconnect":
            await self._place.wait(asyncio.get_running_loop().create_future())

    async def _peek(self, seconds: float | None = None) -> MutableMapping[str, Any] | None:
        self._upcoming = self._upcoming or asyncio.ensure_future(self._socket.receive())
        return self._upcoming.result() if await self._place.wait(self._upcoming, seconds) else None


def parse_object(text: str) -> dict[str, Any]:
    """A text frame as a JSON object. Raises a 422 `Problem`."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Problem(422, "message.not_json", "The message is not JSON.") from None
    if not isinstance(content, dict):
        raise Problem(422, "message.not_an_object", "The message is not a JSON object.")
    return content


@asynccontextmanager
async def admitted(
    socket: WebSocket, scope: str, wording: ErrorMessage = error_message
) -> AsyncIterator[Socket | None]:
    """Accept and serve a WebSocket within the block; None if it was refused. Ends it with the right close code.

    `scope` is what the key must be allowed to do: read or write. `wording` is how the protocol says why it ends.
    """
    gateway: Gateway = socket.app.state.gateway
    if not origin_allowed(socket.headers, gateway.settings.cors_origins):
        await socket.close(NO_KEY, "this origin may not connect")
        yield None
        return
    # Accepted first in any case: a browser's script sees why it was refused only on an open WebSocket.
    await socket.accept(next((name for name in offered_protocols(socket) if name in SCHEMES), None))
    try:
        key = await socket_caller(socket, scope)
        gateway.places.check(key.id)
    except Exception as error:  # noqa: BLE001  each has its close code
        await _hang_up(socket, _hangup_for(error), wording)
        yield None
        return
    with gateway.places.taken(key.id) as place:
        try:
            yield Socket(socket, key, place)
        except Hangup as hangup:
            await _hang_up(socket, hangup, wording)
        except WebSocketDisconnect as gone:
            if gone.code == OVERLOADED:
                slow = Hangup(OVERLOADED, "client.too_slow", "You take no messages; come back later.")
                await _hang_up(socket, slow, wording)
        except Exception as error:  # noqa: BLE001
            await _hang_up(socket, _hangup_for(error), wording)


def _hangup_for(error: Exception) -> Hangup:
    """How to end a connection on which something went wrong."""
    if isinstance(error, GoingAway):
        return Hangup(GOING_AWAY, "gateway.stopping", "This gateway stops; connect again, another one goes on.")
    problem = problems.of(error)
    if problem.status_code == 500:
        log.error("socket_crashed", exc_info=error)
    close_code = {401: NO_KEY, 403: NO_KEY, 429: TOO_MANY, 500: CRASHED, 503: OVERLOADED}
    wait = (problem.headers or {}).get("Retry-After")
    more = {"retry_after": int(wait)} if wait else {}
    return Hangup(close_code.get(problem.status_code, BAD_MESSAGE), problem.code, problem.detail, **more)


async def _hang_up(socket: WebSocket, hangup: Hangup, wording: ErrorMessage) -> None:
    """Say why, and close."""
    error = wording(hangup.code, hangup.message, **hangup.more)
    await _close(socket, hangup.close_code, hangup.message, json.dumps(error))


async def _close(socket: WebSocket, code: int, reason: str, last: str | None = None) -> None:
    """A client that takes nothing gets neither message nor code: its connection ends without a word."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            if last is not None:
                await socket.send_text(last)
            # RFC 6455: a reason has at most 123 bytes.
            await socket.close(code, reason.encode()[:120].decode(errors="ignore"))
    except (WebSocketDisconnect, RuntimeError, TimeoutError):
        return
