"""The open streams of this replica, by key: how many a key may hold, and their end when the key is revoked or the
gateway stops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from prometheus_client import Gauge

from gateway.problems import Problem
from gateway.store import keys
from gateway.store.keys import LOCAL
from warren.database import Database
from warren.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)

OPEN = Gauge("warren_websocket_connections", "Open WebSockets and event streams")

LEAVE_SECONDS = 1.0
"""How long a stopping gateway waits until all streams have said goodbye."""

CHECK_SECONDS = 2.0
"""How often the keys of open streams are looked at; so long a revoked one may still hear something."""


class KeyRevoked(Problem):
    """While a stream was open, its key was revoked."""

    def __init__(self) -> None:
        super().__init__(401, "key.invalid", "This key was revoked.")


class GoingAway(Exception):
    """The gateway stops; another replica, or the next one, goes on."""


class Place:
    """One open stream. `over` is done as soon as it has to end, with the reason."""

    def __init__(self) -> None:
        self.over: asyncio.Future[KeyRevoked | GoingAway] = asyncio.get_running_loop().create_future()

    def end(self, reason: KeyRevoked | GoingAway) -> None:
        if not self.over.done():
            self.over.set_result(reason)

    async def wait(self, work: "asyncio.Future[Any]", seconds: float | None = None) -> bool:
        """Whether `work` is done within `seconds`; it goes on in any case. Raises `KeyRevoked` and `GoingAway`."""
        done, _ = await asyncio.wait({work, self.over}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self.over.done():
            raise self.over.result()
        return bool(done)


class Places:
    def __init__(self, database: Database, per_key: int) -> None:
        self._database = database
        self._per_key = per_key
        self._open: dict[str, set[Place]] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def held(self, key_id: str) -> int:
        """How many places this key holds."""
        return len(self._open.get(key_id, ()))

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
    def taken(self, key_id: str) -> Iterator[Place]:
        """Hold one place; `check()` first."""
        place = Place()
        self._open.setdefault(key_id, set()).add(place)
        self._empty.clear()
        OPEN.inc()
        try:
            yield place
        finally:
            OPEN.dec()
            self._open[key_id].discard(place)
            if not self._open[key_id]:
                del self._open[key_id]
            if not self._open:
                self._empty.set()

    async def leave(self) -> None:
        """End all streams, because the gateway stops."""
        for place in [place for places in self._open.values() for place in places]:
            place.end(GoingAway())
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._empty.wait()

    async def run(self) -> None:
        """End the streams of keys that are revoked, for as long as the gateway lives."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            held = [key_id for key_id in self._open if key_id != LOCAL.id]
            if not held:
                continue
            try:
                async with self._database.transaction() as connection:
                    revoked = await keys.revoked(connection, held)
            except DatabaseUnavailable as error:
                log.info("keys_not_checked", error=str(error))
                continue
            for place in [place for key_id in revoked for place in self._open.get(key_id, ())]:
                place.end(KeyRevoked())
