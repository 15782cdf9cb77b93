"""The table as text: what every reader but Parquet's makes of a file before values are recognised."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from analyzer.reading.errors import UnreadableFile
from analyzer.reading.limits import MAX_CELLS

_CHUNK_CELLS: Final = 16_000
"""Larger chunks fall out of the processor's cache: with 40,000 parsing takes half as long again."""
_MIN_CHUNK_ROWS: Final = 200
"""So that a table of 10,000 columns does not end in millions of tiny arrays."""


def chunk_rows(width: int) -> int:
    """How many rows of a table of this width to gather at a time."""
    return max(_MIN_CHUNK_ROWS, _CHUNK_CELLS // max(1, width))


@dataclass
class RawTable:
    """Columns of one length, as text (`pa.large_string`, empty or null where missing) or with types of their own.

    `native` holds the positions of columns in which the file itself has numbers, not only text that looks like them:
    their decimal sign is known to be a point.
    """

    names: tuple[str, ...]
    columns: list[pa.Array]
    native: frozenset[int] = field(default_factory=frozenset)

    @property
    def rows(self) -> int:
        return len(self.columns[0]) if self.columns else 0


class ColumnBuilder:
    """Gathers rows of text cells into columns, a chunk at a time: cells live as Python objects only for a moment."""

    def __init__(self, width: int) -> None:
        self.rows = 0
        self._chunks: list[list[pa.Array]] = [[] for _ in range(width)]

    @property
    def width(self) -> int:
        return len(self._chunks)

    def widen(self, width: int) -> None:
        """Add columns that the rows so far do not have."""
        empty = pa.nulls(self.rows, pa.large_string())
        self._chunks += [[empty] for _ in range(width - self.width)]

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Append rows, each of the present width. Raises UnreadableFile when the table grows too large."""
        if rows:
            self.add_columns(list(zip(*rows, strict=True)))

    def add_columns(self, columns: Sequence[Sequence[str]]) -> None:
        """Append rows that are given as their columns, all of one length."""
        self.rows += len(columns[0]) if columns else 0
        refuse_too_large(self.rows, self.width)
        for chunks, cells in zip(self._chunks, columns, strict=True):
            chunks.append(pa.array(cells, pa.large_string()))

    def finish(self) -> list[pa.Array]:
        """The columns. The builder is empty afterwards, so that no cell is held twice for longer than needed."""
        columns = []
        for position, chunks in enumerate(self._chunks):
            columns.append(pa.concat_arrays(chunks) if chunks else pa.array([], pa.large_string()))
            self._chunks[position] = []
        return columns


def refuse_too_large(rows: int, columns: int) -> None:
    """Raise UnreadableFile if a table of this shape is more than can be held."""
    if rows * columns > MAX_CELLS:
        raise UnreadableFile(
            "file.too_large",
            f"The table has more than {MAX_CELLS:,} cells ({columns:,} columns, at least {rows:,} rows). "
            "Keep only the columns or rows that you need.",
        )
