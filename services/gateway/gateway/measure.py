"""Counts and times every request, gives it an id that its log lines carry, and adds the headers every answer has."""

import random
import time

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

REQUESTS = Counter("warren_http_requests", "HTTP requests", ("method", "route", "status"))
DURATION = Histogram(
    "warren_http_request_duration_seconds",
    "Time to the end of the answer",
    ("method", "route"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)


class Measure:
    """The outermost middleware. Routes are labelled by their pattern, so that labels stay few."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 500
        request_id = f"{random.getrandbits(64):016x}"

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {"X-Request-ID": request_id, **scope.get("state", {}).get("headers", {})}
                added = [(name.lower().encode(), value.encode()) for name, value in given.items()]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        tokens = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, noted)
        finally:
            structlog.contextvars.reset_contextvars(**tokens)
            seconds = time.monotonic() - started
            route = getattr(scope.get("route"), "path", "other")
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            DURATION.labels(scope["method"], route).observe(seconds)
            log.debug("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
