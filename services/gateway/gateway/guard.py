"""Keeps other sites' pages off an API that asks for no key: `WARREN_AUTH=off`, on a person's own machine.

Listening on 127.0.0.1 keeps out other machines, not the pages in this machine's browser. They send
their Origin, which is refused here; or their site's name suddenly resolves to 127.0.0.1 (DNS rebinding), and then the
Host is theirs.
"""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.auth import origin_allowed
from gateway.problems import Problem
from gateway.settings import GatewaySettings


class LocalOnly:
    """Middleware that refuses requests and WebSockets which a page of this machine's own gateway would not make."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        self._app = app
        self._origins = settings.cors_origins
        self._hosts = tuple(settings.allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(Headers(scope=scope)) if scope["type"] in {"http", "websocket"} else None
        if problem is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await problem.response()(scope, receive, send)
        else:
            await send({"type": "websocket.close", "reason": problem.code})

    def _problem(self, headers: Headers) -> Problem | None:
        host = headers.get("Host", "")
        if not _is_ours(host, self._hosts):
            return Problem(
                403,
                "host.not_allowed",
                f"Without keys this gateway answers as localhost only, not as {host!r}: "
                "add that name to WARREN_ALLOWED_HOSTS, or set WARREN_AUTH=keys.",
            )
        if not origin_allowed(headers, self._origins):
            return Problem(
                403,
                "origin.not_allowed",
                f"Without keys this gateway answers no pages of {headers.get('Origin')!r}: "
                "add that origin to WARREN_CORS_ORIGINS, or set WARREN_AUTH=keys.",
            )
        return None


@lru_cache
def _is_ours(host: str, allowed: Sequence[str]) -> bool:
    """Whether no name that somebody else may point at this machine is in this Host header."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    # Only names are resolved by a server of the attacker's; and what sends no Host is no browser.
    if name is None or name == "localhost" or name.endswith(".localhost") or name in allowed:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
