"""Rows of Python values, from workbooks and JSON, made into columns of text."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

from analyzer.reading.layout import find_layout
from analyzer.reading.limits import SAMPLE_LINES
from analyzer.reading.notes import Notes
from analyzer.reading.rawtable import ColumnBuilder, RawTable, chunk_rows


def read_rows(rows: Iterator[list[Any]], notes: Notes) -> RawTable:
    """The table in `rows`, whose header is looked for. Raises UnreadableFile if there is none."""
    sample = list(islice(rows, SAMPLE_LINES))
    layout = find_layout([[cell.strip() for cell in texts(row)] for row in sample], notes)
    width = layout.width
    builder = ColumnBuilder(width)
    native: set[int] = set()
    body = chain(sample[layout.skipped :], rows)
    while chunk := list(islice(body, chunk_rows(width))):
        columns = zip(*(_fit(row, width) for row in chunk), strict=True)
        builder.add_columns([column_texts(cells, position, native) for position, cells in enumerate(columns)])
    return RawTable(layout.names, builder.finish(), frozenset(native))


def column_texts(cells: Sequence[Any], position: int, native: set[int]) -> Sequence[str]:
    """The cells of one column as text; `native` gets the column's position if there are numbers among them."""
    kinds = set(map(type, cells))
    if kinds & {int, float}:
        native.add(position)
    return cells if kinds == {str} else texts(cells)


def texts(cells: Iterable[Any]) -> list[str]:
    """Cells as text: dates as ISO 8601, lists as their items, nothing as `''`."""
    return [_TEXT_OF[type(cell)](cell) for cell in cells]


def _fit(row: list[Any], width: int) -> list[Any]:
    return row if len(row) == width else (row + [None] * (width - len(row)))[:width]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _moment(value: dt.datetime) -> str:
    return value.date().isoformat() if value.time() == dt.time.min else value.isoformat(" ")


def _items(values: list[Any]) -> str:
    if any(isinstance(value, list | dict) for value in values):
        return _json(values)
    return ", ".join(texts(values))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_TEXT_OF: Final[dict[type, Callable[[Any], str]]] = {
    str: str,
    float: _number,
    int: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "",
    dt.date: dt.date.isoformat,
    dt.datetime: _moment,
    dt.time: dt.time.isoformat,
    dt.timedelta: str,
    list: _items,
    dict: _json,
}
