"""RabbitMQ and PostgreSQL of the running suite: started together, watched, started again when they crash."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from warren.embedded.server import EmbeddedServer


class Servers:
    """The servers, each started and stopped in a thread of its own because that takes seconds."""

    def __init__(self, *servers: EmbeddedServer, say: Callable[[str], None]) -> None:
        self._servers = servers
        self._say = say
        self._pool = ThreadPoolExecutor(len(servers), thread_name_prefix="servers")
        self._starts: dict[str, Future[None]] = {}

    def start(self) -> None:
        """Begin to start all; `up` tells when one can be used."""
        for server in self._servers:
            self._begin(server)

    def check(self) -> None:
        """Start again what crashed. Raises EmbeddedError if a server cannot start."""
        for server in self._servers:
            start = self._starts[server.name]
            if not start.done():
                continue
            start.result()
            if not server.running:
                self._say(f"{server.name} crashed and starts again; its log is {server.log}")
                self._begin(server)

    def up(self, server: EmbeddedServer) -> bool:
        """Whether it accepts clients."""
        return self._starts[server.name].done() and server.running

    def stop(self, seconds: float) -> None:
        """Stop all, and kill those that do not end in time."""
        for server in self._servers:
            server.abandon_start()
            server.stop_seconds = seconds
        for start in self._starts.values():
            start.exception()
        list(self._pool.map(EmbeddedServer.stop, self._servers))
        self._pool.shutdown()

    def _begin(self, server: EmbeddedServer) -> None:
        started_at = time.monotonic()

        def start() -> None:
            server.start()
            self._say(f"{server.name} is up on port {server.port} ({time.monotonic() - started_at:.1f} s)")

        self._starts[server.name] = self._pool.submit(start)
