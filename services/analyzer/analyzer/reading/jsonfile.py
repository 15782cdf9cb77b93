"""JSON: a list of objects or of rows, an object of columns, or one object a line."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any, Final, Literal

from analyzer.reading import remarks
from analyzer.reading.cellrows import column_texts, read_rows
from analyzer.reading.encoding import Encoding
from analyzer.reading.errors import UnreadableFile
from analyzer.reading.layout import clean_names, refuse_too_many
from analyzer.reading.limits import MAX_JSON_BYTES, MAX_JSON_DEPTH
from analyzer.reading.lines import open_text, text_lines
from analyzer.reading.notes import Notes, quote
from analyzer.reading.rawtable import ColumnBuilder, RawTable, chunk_rows

_START: Final = re.compile(r"""\ufeff?\s*(?:\[\s*(?:["\[{\]\d-]|null|true|false|$)|\{\s*(?:["}]|$))""")
_SPACE: Final = re.compile(r"[\s\ufeff]*")
_MAX_DIGITS: Final = 18
"""Longer integers do not fit into 64 bits, and stay text."""


def looks_like_json(head: str) -> bool:
    """Whether a text that begins so is JSON, not a table whose first heading is in brackets."""
    return bool(_START.match(head))


def read_json(path: Path, encoding: Encoding, notes: Notes) -> tuple[RawTable, Literal["json", "jsonl"]]:
    """Read the table in a JSON file. Raises UnreadableFile if the JSON is broken or holds no table."""
    if _has_lines(path, encoding):
        with open_text(path, encoding) as file:
            return _table(_line_values(text_lines(file, notes=notes), notes), notes), "jsonl"
    if path.stat().st_size > MAX_JSON_BYTES:
        raise UnreadableFile(
            "file.too_large",
            f"The JSON file is larger than {MAX_JSON_BYTES / 1e6:,.0f} MB. Send it as JSON lines, Parquet or CSV.",
        )
    with open_text(path, encoding) as file:
        text = file.read()
    return _table(_document_values(text, notes), notes), "json"


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_constant=lambda _: None, parse_int=_integer)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _has_lines(path: Path, encoding: Encoding) -> bool:
    """Whether each line is a value of its own: the first is one, and another follows."""
    with open_text(path, encoding) as file:
        try:
            first, second = islice((line for line in text_lines(file) if line.strip()), 2)
        except (ValueError, UnreadableFile):  # a single line, however long
            return False
    try:
        return isinstance(_decoder().decode(first.strip("\ufeff")), dict | list) and second.lstrip()[0] in "{["
    except (ValueError, RecursionError):
        return False


def _line_values(lines: Iterable[str], notes: Notes) -> Iterator[Any]:
    decoder = _decoder()
    good = broken = 0
    for number, line in enumerate(lines, start=1):
        if not (text := line.strip().strip("\ufeff")):
            continue
        try:
            value = decoder.decode(text)
        except (ValueError, RecursionError):
            broken += 1
            notes.add(remarks.BROKEN_JSON, remarks.LINE, line=f"{number:,}")
            continue
        good += 1
        yield value
    if broken > good:
        raise UnreadableFile("file.broken_json", f"{broken:,} of {broken + good:,} lines are not JSON.")


def _document_values(text: str, notes: Notes) -> Iterator[Any]:
    """The rows of one document; a list is decoded item by item, so that it is never held as objects."""
    start = _skip(text, 0)
    try:
        if text[start] == "[":
            yield from _items(text, start + 1)
        else:
            value, end = _decoder().raw_decode(text, start)
            _expect_end(text, end)
            yield from _rows_of(value, notes)
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            "file.broken_json",
            f"The JSON is broken at line {error.lineno:,}, column {error.colno:,}: {error.msg}.",
        ) from error
    except RecursionError as error:
        raise UnreadableFile("file.too_deep", "The JSON is nested too deeply to hold a table.") from error


def _skip(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index


def _items(text: str, index: int) -> Iterator[Any]:
    decoder = _decoder()
    index = _skip(text, index)
    while text[index : index + 1] != "]":
        value, index = decoder.raw_decode(text, index)
        yield value
        index = _skip(text, index)
        if text[index : index + 1] == ",":
            index = _skip(text, index + 1)
        elif text[index : index + 1] != "]":
            raise json.JSONDecodeError("Expecting ',' or ']'", text, index)
    _expect_end(text, index + 1)


def _expect_end(text: str, index: int) -> None:
    if (end := _skip(text, index)) < len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def _rows_of(document: dict[str, Any], notes: Notes) -> Iterable[Any]:
    """The rows that an object holds: as columns and data, as one list for each column, as a list inside, or itself."""
    columns, data = document.get("columns"), document.get("data")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        return [columns, *data]
    tables = {key: value for key, value in document.items() if isinstance(value, list) and value}
    records = {key: value for key, value in tables.items() if isinstance(value[0], dict)}
    if records:
        key = max(records, key=lambda key: len(records[key]))
        notes.say(remarks.INSIDE_JSON, key=quote(key))
        return records[key]
    if tables and len(tables) == len(document):
        return (dict(zip(document, values, strict=True)) for values in zip_longest(*document.values()))
    if document and all(isinstance(value, dict) for value in document.values()):
        return _rows_of_objects(document)
    return [document]


def _rows_of_objects(document: dict[str, dict[str, Any]]) -> Iterable[Any]:
    """Objects inside an object: columns whose keys number the rows, or rows with a key each."""
    keys = dict.fromkeys(key for value in document.values() for key in value)
    if all(key.isdigit() for key in keys):
        return ({name: column.get(key) for name, column in document.items()} for key in keys)
    return ({"key": key} | row for key, row in document.items())


def _table(values: Iterator[Any], notes: Notes) -> RawTable:
    first = next(values, None)
    if first is None:
        raise UnreadableFile("file.empty", "The JSON holds no rows.")
    values = chain([first], values)
    if isinstance(first, list):
        return read_rows((value if isinstance(value, list) else [value] for value in values), notes)
    return _read_records(({"value": value} if not isinstance(value, dict) else value for value in values), notes)


def _read_records(records: Iterator[dict[str, Any]], notes: Notes) -> RawTable:
    """Objects as rows; a key becomes a column when it first comes."""
    names: dict[str, None] = {}
    builder = ColumnBuilder(0)
    native: set[int] = set()
    size = 1
    while rows := [_flat(record) for record in islice(records, size)]:
        for row in rows:
            if not row.keys() <= names.keys():
                names |= dict.fromkeys(row)
        builder.widen(refuse_too_many(len(names)))
        columns = ([row.get(key) for row in rows] for key in names)
        builder.add_columns([column_texts(cells, position, native) for position, cells in enumerate(columns)])
        size = chunk_rows(len(names))
    if not names:
        raise UnreadableFile("file.empty", "The JSON holds no values.")
    return RawTable(clean_names(list(names), notes), builder.finish(), frozenset(native))


def _flat(record: dict[str, Any], depth: int = MAX_JSON_DEPTH) -> dict[str, Any]:
    """Objects inside the object as keys like `address.city`."""
    if depth == 1 or not any(isinstance(value, dict) for value in record.values()):
        return record
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": cell for inner, cell in _flat(value, depth - 1).items()}
        else:
            flat[key] = value
    return flat
