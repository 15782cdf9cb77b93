"""Which chunks of a live stream can be acknowledged: those before the point from which decoding would begin again."""

from collections import deque
from typing import Generic, TypeVar

from transcriber.points import Point

M = TypeVar("M")
"""A delivery; the ledger hands it back and looks at nothing of it."""


class Ledger(Generic[M]):
    """Of one stream. `lead` is how many samples before a position decoding has to begin to be right there."""

    def __init__(self, lead: int = 0) -> None:
        self._lead = lead
        self._entries: deque[tuple[int, M]] = deque()
        self._points: deque[Point] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def anchor(self) -> Point | None:
        """Where whoever takes over begins. Its chunk is never acknowledged before the stream is over."""
        return self._points[0] if self._points else None

    def add(self, seq: int, message: M) -> None:
        """A frame has come: chunk `seq`, or what was said after it."""
        self._entries.append((seq, message))

    def point(self, point: Point) -> None:
        """Decoding can begin here. Points come in their order."""
        self._points.append(point)

    def settle(self, position: int) -> M | None:
        """The message up to which all can be acknowledged now that all before `position` is dealt with."""
        while len(self._points) > 1 and self._points[1].position <= position - self._lead:
            self._points.popleft()
        settled = None
        while self._points and self._entries and self._entries[0][0] < self._points[0].seq:
            settled = self._entries.popleft()[1]
        return settled

    def last(self) -> M | None:
        """The last of all, when the stream is over."""
        return self._entries[-1][1] if self._entries else None
