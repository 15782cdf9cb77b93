"""Who calls: an API key, or everybody's own laptop. One dependency for HTTP, one function for WebSockets."""

import time
from typing import Annotated, Any

from fastapi import Depends, Request, WebSocket
from starlette.requests import HTTPConnection

from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store import keys
from gateway.store.keys import LOCAL, ApiKey

CACHE_SECONDS = 5.0
"""How long a key is believed without asking the database; so long a revoked one may still work."""


SCHEMES = ("bearer", "token")
"""Of the Authorization header and of a WebSocket's subprotocols; Deepgram's clients say `Token`."""


class KeyCache:
    """Keys seen lately, by hash; unknown secrets are not cached, so a new key works at once."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[float, ApiKey]] = {}

    async def find(self, gateway: Gateway, secret: str) -> ApiKey | None:
        digest = keys.digest(secret)
        until, key = self._seen.get(digest, (0.0, None))
        if key is not None and time.monotonic() < until:
            return key
        async with gateway.database.transaction() as connection:
            key = await keys.find(connection, secret)
        if key is None:
            self._seen.pop(digest, None)
        else:
            self._seen[digest] = (time.monotonic() + CACHE_SECONDS, key)
        return key


async def gateway_of(request: Request) -> Gateway:  # async: FastAPI would run a plain function in a thread
    gateway: Gateway = request.app.state.gateway
    return gateway


async def caller(request: Request) -> ApiKey:
    """The key of this request, counted against its limit. Raises 401, 403 or 429 `Problem`s."""
    gateway: Gateway = request.app.state.gateway
    key = await _authenticate(gateway, request.app.state.keys, request.headers.get("Authorization", ""))
    _check_scope(key, "read" if request.method in {"GET", "HEAD"} else "write")
    request.state.headers = count(gateway, key, request)
    return key


def count(gateway: Gateway, key: ApiKey, connection: HTTPConnection) -> dict[str, str]:
    """Count a call against its key's limit; returns the headers that say what is left. Raises a 429 `Problem`."""
    who = key.id if key is not LOCAL else f"address:{connection.client.host if connection.client else ''}"
    return gateway.limits.hit(who, key.requests_per_minute or gateway.settings.requests_per_minute)


def _check_scope(key: ApiKey, scope: str) -> None:
    if scope not in key.scopes:
        raise Problem(403, "key.scope", f"This key may not {scope}.")


async def _authenticate(gateway: Gateway, cache: KeyCache, authorization: str) -> ApiKey:
    if gateway.settings.auth == "off":
        return LOCAL
    scheme, _, secret = authorization.partition(" ")
    key = await cache.find(gateway, secret.strip()) if scheme.lower() in SCHEMES else None
    if key is None:
        raise _unauthorized("Send a valid API key: Authorization: Bearer wrn_…")
    return key


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "key.invalid", detail, headers={"WWW-Authenticate": 'Bearer realm="warren"'})


async def socket_caller(socket: WebSocket, scope: str) -> ApiKey:
    """The key behind a WebSocket. Raises 401 or 403 `Problem`s.

    Browsers cannot set headers on a WebSocket, so a key may come as subprotocol (`bearer, wrn_…`), or be traded for a
    ticket (`?ticket=`) before.
    """
    gateway: Gateway = socket.app.state.gateway
    ticket = socket.query_params.get("ticket")
    if ticket and gateway.settings.auth != "off":
        async with gateway.database.transaction() as connection:
            key = await keys.use_ticket(connection, ticket)
        if key is None:
            raise _unauthorized("This ticket was used or is too old. Get another from POST /v1/tickets.")
    else:
        secret = next((part for part in offered_protocols(socket) if part.startswith(keys.PREFIX)), "")
        authorization = f"Bearer {secret}" if secret else socket.headers.get("Authorization", "")
        key = await _authenticate(gateway, socket.app.state.keys, authorization)
    _check_scope(key, scope)
    return key


def offered_protocols(socket: WebSocket) -> list[str]:
    offered: list[str] = socket.scope.get("subprotocols", [])
    return offered


def origin_allowed(headers: Any, allowed: list[str]) -> bool:
    """Whether a browser's page may open this WebSocket: pages of this host, and those the settings name."""
    origin = headers.get("Origin")
    if origin is None or origin in allowed or "*" in allowed:
        return True
    return bool(origin.partition("://")[2] == headers.get("Host"))


Caller = Annotated[ApiKey, Depends(caller)]
Parts = Annotated[Gateway, Depends(gateway_of)]
