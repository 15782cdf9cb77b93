"""Where the table begins: lines above it, its header, how wide it is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, NoReturn

from analyzer.reading import remarks
from analyzer.reading.errors import UnreadableFile
from analyzer.reading.limits import MAX_COLUMNS, MAX_NAME_CHARACTERS
from analyzer.reading.literals import cell_kind, is_missing, is_year
from analyzer.reading.notes import Notes, quote, shorten

_JUDGED_ROWS: Final = 100
_MIN_ALIKE: Final = 0.7
"""Share of a column's cells that are of one kind, before it is taken for that kind."""
_MAX_HEADING_CHARACTERS: Final = 100
"""A longer first cell is data if nothing else tells."""

Row = Sequence[str]


@dataclass(frozen=True)
class Layout:
    """`skipped` rows precede the first row of data, the header among them; `names` are clean, one for each column."""

    skipped: int
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.names)


def find_layout(rows: Sequence[Row], notes: Notes) -> Layout:
    """The layout of a table that begins with `rows` (cells without spaces around them; blank rows may be among them).

    Raises UnreadableFile if there is no row with content, or if there are too many columns.
    """
    first = _first_row(rows)
    if _has_gaps_in_header(rows, first):
        first -= 1
    above = [row for row in rows[:first] if any(row)]
    if above:
        example = quote(next(cell for cell in above[0] if cell))
        notes.say(remarks.ABOVE_HEADER, count=len(above), example=example)
    body = [row for row in rows[first + 1 :] if any(row)]
    if _is_header(rows[first], body):
        width = max(_filled_width(body), _last_filled(rows[first]))
        header = _fit(rows[first], body, width)
        return Layout(first + 1, clean_names(header, notes))
    notes.say(remarks.NO_HEADER)
    width = _filled_width([rows[first], *body])
    return Layout(first, tuple(f"column_{number}" for number in range(1, refuse_too_many(width) + 1)))


def clean_names(header: Row, notes: Notes) -> tuple[str, ...]:
    """Names on one line each, none empty and no two equal; what had to be renamed is noted."""
    refuse_too_many(len(header))
    names: list[str] = []
    # a heading that stands in the file keeps its name against one that is made up here
    taken = {shorten(heading, MAX_NAME_CHARACTERS) for heading in header}
    used: set[str] = set()
    counters: Counter[str] = Counter()
    for position, heading in enumerate(header, start=1):
        wanted = shorten(heading, MAX_NAME_CHARACTERS)
        name = wanted or f"column_{position}"
        base = name
        while name in used or (name != wanted and name in taken):
            counters[base] += 1
            name = f"{base}_{counters[base] + 1}"
        if not wanted:
            notes.add(remarks.UNNAMED, remarks.NAME, name=name)
        elif name != wanted:
            notes.add(remarks.NAMED_TWICE, remarks.RENAMED, name=quote(wanted), new=quote(name))
        used.add(name)
        names.append(name)
    return tuple(names)


def refuse_too_many(columns: int) -> int:
    """`columns` as it is, or UnreadableFile if the table is too wide."""
    if columns > MAX_COLUMNS:
        raise UnreadableFile(
            "file.too_many_columns",
            f"The table has {columns:,} columns; at most {MAX_COLUMNS:,} can be read. Keep those that you need.",
        )
    return columns


def refuse_header_only(names: Sequence[str]) -> NoReturn:
    """Raise UnreadableFile: there are headings, and nothing below them."""
    shown = ", ".join(quote(name) for name in names[:5])
    raise UnreadableFile(
        "file.header_only", f"The file has a header ({shown}{', …' if len(names) > 5 else ''}) but no rows below it."
    )


def _first_row(rows: Sequence[Row]) -> int:
    """The first row that looks like the others: titles fill one cell, comments begin with `#`."""
    filled = [index for index, row in enumerate(rows) if any(row)]
    if not filled:
        raise UnreadableFile("file.empty", "The table is empty: it has no row with content.")
    usual = Counter(len(rows[index]) for index in filled).most_common(1)[0][0]
    typical = sorted(_filled(rows[index]) for index in filled)[len(filled) // 2]
    enough = min(typical, max(2, typical / 2))
    for index in filled:
        row = rows[index]
        without_index_name = len(row) == usual > 1 and not row[0] and all(row[1:])
        if (_filled(row) >= enough or without_index_name) and not _is_comment(rows, index, usual):
            return index
    return filled[0]


def _has_gaps_in_header(rows: Sequence[Row], first: int) -> bool:
    """Whether the row above is a header with few headings, not a title: it is as wide, and data follow it at once."""
    above = rows[first - 1] if first else []
    if not any(above) or len(above) != len(rows[first]) or above[0].startswith("#"):
        return False
    body = [row for row in rows[first + 1 :] if any(row)]
    return not _is_header(rows[first], body) and _is_header(above, [rows[first], *body])


def _is_comment(rows: Sequence[Row], index: int, usual: int) -> bool:
    """`#` begins a comment, unless it begins a header: then numbers, not headings, come below."""
    if not next(cell for cell in rows[index] if cell).startswith("#"):
        return False
    below = [row for row in rows[index + 1 :] if any(row)]
    if not below:
        return False
    return len(rows[index]) != usual or below[0][0].startswith("#") or not _is_data(below[0])


def _is_data(row: Row) -> bool:
    return any(cell_kind(cell) != "text" for cell in row if cell)


def _is_header(first: Row, body: Sequence[Row]) -> bool:
    """Whether the first row names the columns: compared, column by column, with what stands below it."""
    if not body:
        return not _is_data(first)
    votes: Counter[Literal["header", "data"]] = Counter()
    for position, heading in enumerate(first):
        below = _kind_below(body, position)
        if heading and below not in {"text", None} and not is_missing(heading):
            votes["data" if cell_kind(heading) == below else "header"] += 1
    if _are_counted(first, body):
        return True
    if votes:
        return votes["header"] >= votes["data"]
    return _could_be_headings(first, body)


def _kind_below(body: Sequence[Row], position: int) -> str | None:
    """What most cells of a column are; None if they are all missing."""
    cells = [row[position] for row in body[:_JUDGED_ROWS] if position < len(row) and not is_missing(row[position])]
    if not cells:
        return None
    kind, times = Counter(map(cell_kind, cells)).most_common(1)[0]
    return kind if times >= _MIN_ALIKE * len(cells) else "text"


def _are_counted(first: Row, body: Sequence[Row]) -> bool:
    """Years or numbers in a row, like 2010, 2011 or 1, 2, 3, are headings of a wide table; words come before them."""
    numbers = _counted(first)
    enough = 2 if all(map(is_year, numbers)) else 3
    words = [cell for cell in first if cell and cell not in numbers]
    return len(numbers) >= enough and bool(words) and not any(map(_is_number, words)) and not _counted(body[0])


def _counted(row: Row) -> list[str]:
    """The whole numbers of the row, if each is as much larger than the one before as the next."""
    numbers = [cell for cell in row if cell.isdecimal() and len(cell) < 10]
    steps = {int(later) - int(earlier) for earlier, later in pairwise(numbers)}
    return numbers if len(steps) == 1 and steps != {0} else []


def _is_number(cell: str) -> bool:
    return cell_kind(cell) == "number"


def _could_be_headings(first: Row, body: Sequence[Row]) -> bool:
    """Texts above texts are headings unless they recur below, are long, or are the same twice."""
    headings = [cell for cell in first if cell]
    if len(set(headings)) < len(headings) / 2 or any(len(cell) > _MAX_HEADING_CHARACTERS for cell in headings):
        return False
    return not any(
        cell and any(position < len(row) and row[position] == cell for row in body[:_JUDGED_ROWS])
        for position, cell in enumerate(first)
    )


def _fit(header: Row, body: Sequence[Row], width: int) -> Row:
    """The header made as wide as the table; names of rows without a heading of their own come first."""
    named = [cell.removeprefix("#").strip() if not index else cell for index, cell in enumerate(header)]
    named = named[:width]
    missing = width - len(named)
    row_names = missing == 1 and all(len(row) == width for row in body) and all(row[-1] for row in body)
    return ["", *named] if row_names else named + [""] * missing


def _filled_width(rows: Sequence[Row]) -> int:
    """Width of the usual rows, without the empty cells that end all of them."""
    if not rows:
        return 0
    usual = Counter(map(len, rows)).most_common(1)[0][0]
    return max(_last_filled(row) for row in rows if len(row) == usual)


def _last_filled(row: Row) -> int:
    return max((index for index, cell in enumerate(row, start=1) if cell), default=0)


def _filled(row: Row) -> int:
    return sum(map(bool, row))
