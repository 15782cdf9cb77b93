"""Which chunks of a live stream can be acknowledged: those whose audio is dealt with, all but the last."""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

M = TypeVar("M")
"""A delivery; the ledger hands it back and looks at nothing of it."""


@dataclass
class _Entry(Generic[M]):
    seq: int
    message: M
    read_at: int | None = None
    """How many samples had been heard when the decoder had read it to its end."""
    needs: int | None = None
    """The position from which on it is covered, once that is known."""


class Ledger(Generic[M]):
    """`exact`: a chunk gives its samples at once. A container's chunk may hold the beginning of something that only the
    following ones complete, so it is covered with the next samples that are heard after it was read.
    """

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact
        self._entries: deque[_Entry[M]] = deque()
        self._anchor: _Entry[M] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def exact(self) -> bool:
        return self._exact

    @property
    def anchor(self) -> tuple[int, int] | None:
        """Number of the last covered chunk, and the position it is covered from."""
        return None if self._anchor is None else (self._anchor.seq, self._anchor.needs or 0)

    def add(self, seq: int, message: M) -> None:
        """A frame has come."""
        self._entries.append(_Entry(seq, message))

    def consumed(self, seq: int, heard: int) -> None:
        """All frames up to `seq` have been read; `heard` samples came of them and those before."""
        for entry in self._entries:
            if entry.seq > seq:
                break
            if entry.read_at is None:
                entry.read_at = heard
                entry.needs = heard if self._exact else None
            if entry.needs is None and heard > entry.read_at:
                entry.needs = heard

    def settle(self, position: int) -> M | None:
        """The message up to which all can be acknowledged now that all before `position` is dealt with.

        The last covered one stays, so that whoever takes over learns from it where in the stream it is.
        """
        settled = None
        while self._entries and self._entries[0].needs is not None and self._entries[0].needs <= position:
            settled = self._anchor
            self._anchor = self._entries.popleft()
        return settled.message if settled else None

    def last(self) -> M | None:
        """The last of all, when the stream is over."""
        entry = self._entries[-1] if self._entries else self._anchor
        return entry.message if entry else None
