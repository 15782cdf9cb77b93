"""Scheduled jobs. Each moment of a schedule is a named slot; a handler does a slot once, however many Beats run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from warren.contracts.base import JobPayload


@dataclass(frozen=True)
class Schedule:
    """Send `payload(slot)` every so many seconds. Slots are UTC times on whole multiples of the period."""

    every_seconds: int
    payload: Callable[[str], JobPayload]

    @property
    def name(self) -> str:
        return self.payload("").kind


def slot_of(moment: datetime, every_seconds: int) -> str:
    """The slot a moment belongs to: the start of its period, in ISO 8601."""
    start = int(moment.timestamp()) // every_seconds * every_seconds
    return datetime.fromtimestamp(start, UTC).isoformat()
