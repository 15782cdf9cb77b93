"""Who calls: an API key, or everybody's own laptop. One dependency for HTTP, one function for WebSockets."""

import time
from typing import Annotated, Any

from fastapi import Depends, Request, Response, WebSocket

from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store import keys
from gateway.store.keys import LOCAL, ApiKey

CACHE_SECONDS = 5.0
"""How long a key is believed without asking the database; so long a revoked one may still work."""

_BEARER = "Bearer "


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


async def caller(request: Request, response: Response, gateway: Annotated[Gateway, Depends(gateway_of)]) -> ApiKey:
    """The key of this request, counted against its limit. Raises 401, 403 or 429 `Problem`s."""
    key = await _authenticate(gateway, request.app.state.keys, request.headers.get("Authorization", ""))
    needed = "read" if request.method in {"GET", "HEAD"} else "write"
    if needed not in key.scopes:
        raise Problem(403, "key.scope", f"This key may not {needed}.")
    who = key.id if key is not LOCAL else f"address:{request.client.host if request.client else ''}"
    limit = key.requests_per_minute or gateway.settings.requests_per_minute
    headers = gateway.limits.hit(who, limit)
    response.headers.update(headers)
    request.state.limit_headers = headers
    return key


async def _authenticate(gateway: Gateway, cache: KeyCache, authorization: str) -> ApiKey:
    if gateway.settings.auth == "off":
        return LOCAL
    key = None
    if authorization.startswith(_BEARER):
        key = await cache.find(gateway, authorization.removeprefix(_BEARER).strip())
    if key is None:
        raise unauthorized()
    return key


def unauthorized() -> Problem:
    return Problem(
        401,
        "key.invalid",
        "Send a valid API key: Authorization: Bearer wrn_…",
        headers={"WWW-Authenticate": 'Bearer realm="warren"'},
    )


async def socket_caller(socket: WebSocket) -> tuple[ApiKey | None, str | None]:
    """The key behind a WebSocket (None: refuse it), and the subprotocol to accept.

    Browsers cannot set headers on a WebSocket, so a key may come as subprotocol (`bearer, wrn_…`), or be traded for a
    ticket (`?ticket=`) before.
    """
    gateway: Gateway = socket.app.state.gateway
    cache: KeyCache = socket.app.state.keys
    offered = [part.strip() for part in socket.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    subprotocol = "bearer" if "bearer" in offered else None
    if gateway.settings.auth == "off":
        return LOCAL, subprotocol
    if ticket := socket.query_params.get("ticket"):
        async with gateway.database.transaction() as connection:
            return await keys.use_ticket(connection, ticket), subprotocol
    secret = next((part for part in offered if part.startswith(keys.PREFIX)), "")
    authorization = f"{_BEARER}{secret}" if secret else socket.headers.get("Authorization", "")
    try:
        return await _authenticate(gateway, cache, authorization), subprotocol
    except Problem:
        return None, subprotocol


def origin_allowed(headers: Any, allowed: list[str]) -> bool:
    """Whether a browser's page may open this WebSocket: pages of this host, and those the settings name."""
    origin = headers.get("Origin")
    if origin is None or origin in allowed or "*" in allowed:
        return True
    return bool(origin.partition("://")[2] == headers.get("Host"))


Caller = Annotated[ApiKey, Depends(caller)]
Parts = Annotated[Gateway, Depends(gateway_of)]
