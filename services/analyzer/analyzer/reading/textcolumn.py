"""A column of text with a sample of it: kinds are ruled out by the sample, then decided by the whole column."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from analyzer.reading.kernels import SPACES
from analyzer.reading.limits import SAMPLE_VALUES

_MAX_CHARACTERS: Final = 200
"""Of a value in the sample: no number or date is longer, and Python's regular expressions can take quadratic time."""


@dataclass(frozen=True)
class TextColumn:
    """`values` are `pa.large_string`, null where missing; `sample` has some that are not, with plain spaces."""

    name: str
    values: pa.Array
    sample: tuple[str, ...]

    def share(self, pattern: str) -> float:
        """Share of the sample that the pattern finds."""
        return sum(bool(re.search(pattern, value)) for value in self.sample) / max(1, len(self.sample))


def text_column(name: str, values: pa.Array) -> TextColumn:
    """The column with up to `SAMPLE_VALUES` values, spread evenly over those that are there."""
    present = values.drop_null() if values.null_count else values
    step = max(1, len(present) // SAMPLE_VALUES)
    places = np.arange(0, len(present), step)[:SAMPLE_VALUES]
    few = present.take(pa.array(places)).to_pylist()
    return TextColumn(name, values, tuple(re.sub(SPACES, " ", value[:_MAX_CHARACTERS]) for value in few))
