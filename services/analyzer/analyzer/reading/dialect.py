"""How a delimited text file separates its cells, told by its first lines."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final

from analyzer.reading.errors import UnreadableFile
from analyzer.reading.limits import MAX_COLUMNS
from analyzer.reading.literals import cell_kind
from analyzer.reading.notes import quote

_DELIMITERS: Final = (",", ";", "\t", "|")
_DIRECTIVE: Final = re.compile(r"sep=([,;\t|:^~])\s*$", re.IGNORECASE)
_BACKSLASH_QUOTE: Final = re.compile(r'[^\\,;\t|]\\"(?![,;\t|\r\n]|$)')
_MIN_REGULAR: Final = 0.4
"""Share of lines with the usual number of cells below which a delimiter is only punctuation."""


@dataclass(frozen=True)
class Dialect:
    """`delimiter` is None for a single column; `directive` tells of a first line `sep=…`, which is no data.

    With `quoted` False, quotation marks mean nothing.
    """

    delimiter: str | None
    escape: str | None = None
    directive: bool = False
    quoted: bool = True

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The records of `lines`, as `csv.reader` gives them; one may span several lines."""
        return csv.reader(
            lines,
            # a sign that no text holds: then the whole line is one cell
            delimiter=self.delimiter or "\x00",
            escapechar=self.escape,
            skipinitialspace=True,
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
        )

    def rows(self, lines: Sequence[str]) -> list[list[str]]:
        """The records of `lines`, without spaces around the cells; those that hold no data are empty."""
        try:
            rows = [[cell.strip() for cell in row] for row in self.reader(lines)]
        except csv.Error:
            # a quotation mark that is never closed: judge by the lines as they are
            rows = [[cell.strip() for cell in self.split(line)] for line in lines]
        if self.directive:
            rows[0] = []
        return rows

    def split(self, line: str) -> list[str]:
        """The cells of one line in which quotation marks mean nothing."""
        return line.rstrip("\r\n").split(self.delimiter) if self.delimiter else [line.rstrip("\r\n")]


@dataclass(frozen=True)
class _Trial:
    delimiter: str | None
    rows: list[list[str]]
    width: int
    regular: float
    clean: float

    @property
    def rank(self) -> tuple[float, int]:
        return (round(self.regular * self.clean, 2), self.width)


def detect_dialect(lines: Sequence[str]) -> Dialect:
    """The dialect of the file that begins with `lines`. Raises UnreadableFile if they are running text."""
    escape = "\\" if _BACKSLASH_QUOTE.search("".join(lines)) else None
    if directive := _DIRECTIVE.match("".join(lines[:1])):
        return Dialect(directive[1], escape, directive=True)
    trials = [_try(delimiter, escape, lines) for delimiter in _DELIMITERS]
    split = [trial for trial in trials if trial.width > 1 and trial.regular >= _MIN_REGULAR]
    best = max(split, key=lambda trial: trial.rank, default=_try(None, escape, lines))
    if not best.rows:
        raise UnreadableFile("file.empty", "The file is empty: it has no line with anything but spaces.")
    if best.width > MAX_COLUMNS:
        raise UnreadableFile(
            "file.too_many_columns",
            f"The file has {best.width:,} columns; at most {MAX_COLUMNS:,} can be read. Keep those that you need.",
        )
    if _is_prose(best, lines):
        raise UnreadableFile(
            "file.not_a_table",
            f"The file is running text, not a table: it begins with {quote(lines[0])}, and no delimiter (comma, "
            "semicolon, tab or bar) splits its lines into columns.",
        )
    return Dialect(best.delimiter, escape)


def _try(delimiter: str | None, escape: str | None, lines: Sequence[str]) -> _Trial:
    rows = [row for row in Dialect(delimiter, escape).rows(lines) if any(row)]
    if not rows:
        return _Trial(delimiter, rows, width=0, regular=0, clean=0)
    widths = Counter(map(len, rows))
    # with few lines a title may be as frequent as the rows: then the wider counts
    width = max(widths, key=lambda width: (widths[width], width))
    regular = widths[width] / len(rows)
    return _Trial(delimiter, rows, width, regular, _clean_share(delimiter, rows))


def _clean_share(delimiter: str | None, rows: list[list[str]]) -> float:
    """Share of the cells that do not hold another delimiter, which would show that this one is only punctuation."""
    others = [other for other in (";", "\t", "|") if other != delimiter]
    cells = [cell for row in rows[:100] for cell in row[:100]]
    return mean(not any(other in cell for other in others) for cell in cells)


def _is_prose(trial: _Trial, lines: Sequence[str]) -> bool:
    """Sentences: several words in most cells, no numbers, no quotation marks, no headings of a few words."""
    cells = [cell.strip() for row in trial.rows[:100] for cell in row]
    quoted = any(line.lstrip().startswith('"') for line in lines) or any("\n" in cell for cell in cells)
    if quoted or any(cell_kind(cell) != "text" for cell in cells):
        return False
    if trial.width > 1 and trial.regular > 0.9 and (len(trial.rows) >= 10 or _has_headings(trial.rows[0])):
        return False
    return mean(len(cell.split()) for cell in cells) >= 4


def _has_headings(row: list[str]) -> bool:
    return all(0 < len(cell.split()) <= 4 for cell in row)
