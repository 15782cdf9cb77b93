"""How many open streams a key may hold on one replica."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from gateway.problems import Problem

OPEN = Gauge("warren_websocket_connections", "Open WebSockets and event streams")


class Places:
    def __init__(self, per_key: int) -> None:
        self._per_key = per_key
        self._open: Counter[str] = Counter()

    def held(self, key_id: str) -> int:
        """How many places this key holds."""
        return self._open[key_id]

    def check(self, key_id: str) -> None:
        """Raises a 429 `Problem` when all places of this key are taken."""
        if self.held(key_id) >= self._per_key:
            raise Problem(
                429,
                "streams.too_many",
                f"This key holds {self._per_key} open streams already; close some.",
                headers={"Retry-After": "5"},
            )

    @contextmanager
    def taken(self, key_id: str) -> Iterator[None]:
        """Hold one place; `check()` first."""
        self._open[key_id] += 1
        OPEN.inc()
        try:
            yield
        finally:
            self._open[key_id] -= 1
            OPEN.dec()
