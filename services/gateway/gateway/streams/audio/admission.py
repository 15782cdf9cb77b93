"""Is there room for one more live stream? See docs/decisions/0006."""

import asyncio
import time
from typing import Any

from gateway.problems import Problem
from gateway.settings import GatewaySettings
from gateway.store import streams as store
from warren.broker import Broker
from warren.contracts.transcriber import TranscribeStream
from warren.database import Database
from warren.errors import BrokerUnavailable

FRESH_SECONDS = 1.0
"""How long a count of the workers is believed."""
RETRY_SECONDS = 2


class Admission:
    """Gives places away: each stream worker is one consumer of the streams' queue and takes so many streams."""

    def __init__(self, settings: GatewaySettings, database: Database, broker: Broker) -> None:
        self._settings = settings
        self._database = database
        self._broker = broker
        self._counting = asyncio.Lock()
        self._workers = 0
        self._counted = -FRESH_SECONDS

    async def insert(self, row: dict[str, Any]) -> None:
        """Insert the job of a stream, if there is a place for it. Raises a 503 `Problem`."""
        capacity = await self._capacity()
        async with self._database.transaction() as connection:
            admitted = await store.admit(connection, row, capacity)
        if not admitted:
            detail = f"All {capacity} places for live streams are taken. Try again in {RETRY_SECONDS} s."
            if not capacity:
                detail = "No transcriber takes live streams now."
            raise Problem(503, "streams.full", detail, headers={"Retry-After": str(RETRY_SECONDS)})

    async def _capacity(self) -> int:
        if self._settings.inline:  # this process is the worker
            return self._settings.streams_per_worker
        async with self._counting:
            if time.monotonic() - self._counted >= FRESH_SECONDS:
                try:
                    self._workers = (await self._broker.count(TranscribeStream.queue)).consumers
                except BrokerUnavailable:
                    raise broker_away() from None
                self._counted = time.monotonic()
        return self._workers * self._settings.streams_per_worker


def broker_away() -> Problem:
    detail = "RabbitMQ cannot be reached now. Try again soon."
    return Problem(503, "broker.unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})
