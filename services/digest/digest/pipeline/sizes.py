"""How many posts go into a batch: more while every post comes back with a valid answer, half when one does not."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finished:
    """A batch that has shown something. `invalid` counts posts that were skipped, merged or invented."""

    size: int
    invalid: int


def next_size(finished: Iterable[Finished], *, first: int, largest: int) -> int:
    """The size after these batches, in the order in which they were cut.

    Additive increase, multiplicative decrease, as TCP finds its rate (RFC 5681). Larger batches than the present size
    were cut before it shrank: they say nothing new. Smaller ones are the last posts of a build, and prove nothing.
    """
    size = min(first, largest)
    for batch in finished:
        if batch.invalid and batch.size <= size:
            size = max(1, batch.size // 2)
        elif not batch.invalid and batch.size == size:
            size = min(largest, size + 1)
    return size
