"""CSV and its kin: one tolerant pass over the file with Python's csv parser, a chunk of rows at a time."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from operator import length_hint
from pathlib import Path
from typing import Final, TextIO

from analyzer.reading import remarks
from analyzer.reading.dialect import Dialect, detect_dialect
from analyzer.reading.encoding import Encoding
from analyzer.reading.layout import find_layout
from analyzer.reading.limits import MAX_LINE_CHARACTERS, SAMPLE_CHARACTERS, SAMPLE_LINES
from analyzer.reading.lines import open_text, text_lines
from analyzer.reading.notes import Notes
from analyzer.reading.rawtable import ColumnBuilder, RawTable, chunk_rows

_MAX_RECORD_LINES: Final = 100
"""Of a record that looks broken: it is tried over this many lines, then taken to end with its first."""


@dataclass(frozen=True)
class Delimited:
    """What was read, and how the file writes it."""

    table: RawTable
    delimiter: str | None


def read_delimited(path: Path, encoding: Encoding, notes: Notes) -> Delimited:
    """Read a delimited text file. Raises UnreadableFile if it holds no table."""
    with open_text(path, encoding) as file:
        sample = _sample(file)
    with _long_fields():
        dialect = detect_dialect(sample)
        try:
            with open_text(path, encoding) as file:
                table = _Parser(file, dialect, notes).parse(sample)
        except csv.Error:
            notes.say(remarks.OPEN_QUOTE)
            with open_text(path, encoding) as file:
                table = _Parser(file, replace(dialect, quoted=False), notes).parse(sample)
    return Delimited(table, dialect.delimiter)


@contextmanager
def _long_fields() -> Iterator[None]:
    """The parser's limit belongs to the process; its default of 131,072 characters is too short for documents."""
    limit = csv.field_size_limit(MAX_LINE_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _sample(file: TextIO) -> list[str]:
    lines: list[str] = []
    size = 0
    for line in islice(text_lines(file), SAMPLE_LINES):
        size += len(line)
        if len(lines) > 1 and size > SAMPLE_CHARACTERS:
            break
        lines.append(line)
    return lines


class _Parser:
    """One reading of one file. Lines are remembered until the rows made of them prove regular."""

    def __init__(self, file: TextIO, dialect: Dialect, notes: Notes) -> None:
        self._dialect = dialect
        self._notes = notes
        self._lines: list[str] = []
        self._reader = dialect.reader(text_lines(file, self._lines, notes))
        self._done = 0
        self._width = 0

    def parse(self, sample: list[str]) -> RawTable:
        """Read the file that begins with the lines of `sample`.

        Raises csv.Error if a quotation mark above the first row of data is never closed.
        """
        layout = find_layout(self._dialect.rows(sample), self._notes)
        self._width = layout.width
        list(islice(self._reader, layout.skipped))
        may_be_open = self._is_open(self._take_lines())
        builder = ColumnBuilder(layout.width)
        size = chunk_rows(layout.width)
        while (chunk := self._chunk(size)) is not None:
            builder.add(chunk)
        if may_be_open and self._dialect.quoted and not builder.rows:
            raise csv.Error("the header goes to the end of the file")
        return RawTable(layout.names, builder.finish())

    def _chunk(self, size: int) -> list[list[str]] | None:
        """The next rows, all as wide as the table; None at the end of the file."""
        start = self._done + 1
        try:
            rows = list(islice(self._reader, size))
            regular = set(map(len, rows)) == {self._width}
        except csv.Error:
            rows, regular = [], False
        lines = self._take_lines()
        if not lines:
            return None
        ended = len(rows) < size
        return rows if regular and not (ended and self._is_open(lines)) else self._repair(lines, start)

    def _take_lines(self) -> list[str]:
        lines = self._lines.copy()
        self._lines.clear()
        self._done += len(lines)
        return lines

    def _is_open(self, lines: list[str]) -> bool:
        """Whether a quotation mark may have been left open, so that the rest of the file ended in one cell."""
        return sum(line.count('"') for line in lines) % 2 == 1

    def _repair(self, lines: list[str], start: int) -> list[list[str]]:
        """The rows of lines of which some are irregular; `start` is the number of the first."""
        rows: list[list[str]] = []
        index = 0
        while index < len(lines):
            cells, used = self._record(lines[index : index + _MAX_RECORD_LINES], start + index)
            if any(cell.strip() for cell in cells):
                rows.append(self._fit(cells, start + index))
            index += used
        return rows

    def _record(self, lines: list[str], number: int) -> tuple[list[str], int]:
        """The first record of `lines`, and how many of them it takes."""
        source = iter(lines)
        try:
            cells = next(self._dialect.reader(source), [])
            used = len(lines) - length_hint(source)
            broken = used > 1 and self._is_open(lines[:used])
        except csv.Error:
            used, broken = 1, True
        alone = self._dialect.split(lines[0])
        if broken or (used > 1 and len(cells) != self._width == len(alone)):
            self._notes.add(remarks.UNCLOSED, remarks.LINE, line=f"{number:,}")
            return alone, 1
        return cells, used

    def _fit(self, cells: list[str], number: int) -> list[str]:
        """A row made as wide as the table."""
        place = {"line": f"{number:,}", "found": len(cells), "width": self._width}
        if len(cells) < self._width:
            self._notes.add(remarks.TOO_FEW, remarks.LINE_SHORT, **place)
            return cells + [""] * (self._width - len(cells))
        if any(cell.strip() for cell in cells[self._width :]):
            self._notes.add(remarks.TOO_MANY, remarks.LINE_LONG, **place)
        return cells[: self._width]
