"""`/metrics`, `/health/live` and `/health/ready` for processes that serve no other HTTP.

Live means: this process makes progress (its loop ticked lately). An outage of RabbitMQ does not make it dead, since a
restart would help nobody. Ready means: it can take work now.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from warren.settings import Settings

Check = Callable[[], bool]

STALE_SECONDS = 15.0
"""A loop that did not tick for this long hangs."""


class Heartbeat:
    """Notes when something last moved; `beat()` from there, `alive()` from anywhere."""

    def __init__(self, stale_seconds: float = STALE_SECONDS) -> None:
        self._stale_seconds = stale_seconds
        self._at = time.monotonic()

    def beat(self) -> None:
        self._at = time.monotonic()

    def alive(self) -> bool:
        return time.monotonic() - self._at < self._stale_seconds


class HeartbeatFile:
    """A file that is as young as the last `beat()`: see `warren.telemetry.probe`. Without a path there is none."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None

    def beat(self) -> None:
        if self._path is not None:
            self._path.touch()


class HealthServer:
    """Serves in a thread of its own, so that it also answers when the loop hangs."""

    def __init__(self, host: str, port: int, *, live: Mapping[str, Check], ready: Mapping[str, Check]) -> None:
        self._checks = {"/health/live": live, "/health/ready": ready}
        self._metrics = make_wsgi_app()
        self._server = make_server(host, port, self._respond, WSGIServer, _QuietHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _respond(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            metrics: Iterable[bytes] = self._metrics(environ, start_response)
            return metrics
        if path not in self._checks:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"try /metrics, /health/live or /health/ready\n"]
        results = {name: check() for name, check in self._checks[path].items()}
        status = "200 OK" if all(results.values()) else "503 Service Unavailable"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps({name: "ok" if good else "failing" for name, good in results.items()}).encode()]


def serve(settings: Settings, *, live: Mapping[str, Check], ready: Mapping[str, Check]) -> HealthServer | None:
    """The server these settings want, started; None if they want none."""
    if not settings.metrics_port:
        return None
    server = HealthServer(settings.metrics_host, settings.metrics_port, live=live, ready=ready)
    server.start()
    return server


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the signature is wsgiref's
        """Probes every few seconds are no news."""
