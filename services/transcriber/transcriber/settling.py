"""Acknowledging the audio of a stream that is dealt with."""

import time

from aiormq.abc import DeliveredMessage

from transcriber.checkpoint import Checkpoint, Checkpoints
from transcriber.engines.base import SAMPLE_RATE
from transcriber.ledger import Ledger
from transcriber.points import Point
from warren.broker import settle

SETTLE_SECONDS = 1.0
"""In silence chunks are acknowledged this often, many at a time: each acknowledgement costs as much as a chunk."""
LEAD_SAMPLES = SAMPLE_RATE
"""A codec needs some packets before it is right: opus 80 ms, mp3 ten frames."""


class Settler:
    """For raw audio the queue is all that a successor needs; for a container `checkpoints` are kept too."""

    def __init__(self, checkpoints: Checkpoints | None) -> None:
        self._checkpoints = checkpoints
        self._ledger: Ledger[DeliveredMessage] = Ledger(LEAD_SAMPLES if checkpoints else 0)
        self._saved = Checkpoint()
        self._due_at = 0.0

    @property
    def waiting(self) -> int:
        """Frames that are not acknowledged."""
        return len(self._ledger)

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._due_at

    def add(self, seq: int, message: DeliveredMessage) -> None:
        self._ledger.add(seq, message)

    def point(self, point: Point) -> None:
        self._ledger.point(point)

    async def settle(self, covered: int) -> None:
        """All audio before sample `covered` is dealt with. What a successor needs is safe before a chunk is gone."""
        self._due_at = time.monotonic() + SETTLE_SECONDS
        settled = self._ledger.settle(covered)
        if self._checkpoints is not None and (anchor := self._ledger.anchor) is not None:
            checkpoint = Checkpoint.of(anchor, covered)
            if checkpoint != self._saved:
                await self._checkpoints.save(checkpoint)
                self._saved = checkpoint
        if settled is not None:
            await _acknowledge(settled)

    async def finish(self) -> None:
        """The stream is over."""
        if (last := self._ledger.last()) is not None:
            await _acknowledge(last)


async def _acknowledge(last: DeliveredMessage) -> None:
    """This message and all before it."""
    if last.delivery_tag is not None:
        await settle(last.channel.basic_ack(last.delivery_tag, multiple=True))
