"""Parquet, read without a thread."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzer.reading import remarks
from analyzer.reading.errors import UnreadableFile
from analyzer.reading.layout import clean_names, refuse_too_many
from analyzer.reading.limits import MAX_JSON_DEPTH, MAX_UNPACKED_BYTES
from analyzer.reading.notes import Notes, quote
from analyzer.reading.rawtable import RawTable, refuse_too_large

_INDEX_NAME: Final = re.compile(r"__index_level_\d+__")
"""What pandas calls row labels without a name."""


def read_parquet(path: Path, notes: Notes) -> RawTable:
    """Read the whole file. Raises UnreadableFile if it is damaged, encrypted or too large."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            _check_size(file)
            return _raw_table(file.read(use_threads=False), notes)
    except pa.ArrowMemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(
            "file.damaged_parquet", f"The Parquet file is damaged or cut off ({_reason(error)}). Write it again."
        ) from error


def _raw_table(table: pa.Table, notes: Notes) -> RawTable:
    for _ in range(MAX_JSON_DEPTH):
        table = table.flatten()
    names = clean_names([_INDEX_NAME.sub("index", name) for name in table.column_names], notes)
    columns = [_readable(column, name, notes) for column, name in zip(table.columns, names, strict=True)]
    kept = [position for position, column in enumerate(columns) if column is not None]
    return RawTable(tuple(names[position] for position in kept), [columns[position] for position in kept])


def _check_size(file: pq.ParquetFile) -> None:
    metadata = file.metadata
    refuse_too_many(metadata.num_columns)
    refuse_too_large(metadata.num_rows, metadata.num_columns)
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if size > MAX_UNPACKED_BYTES:
        raise UnreadableFile(
            "file.too_large",
            f"It unpacks to {size / 1e6:,.0f} MB; at most {MAX_UNPACKED_BYTES / 1e6:,.0f} MB can be read.",
        )


def _reason(error: BaseException) -> str:
    return str(error).split(". ")[0].split("\n")[0][:120].rstrip(".") or type(error).__name__


def _readable(column: pa.ChunkedArray, name: str, notes: Notes) -> pa.Array | None:
    """One of the types that frames have; None for bytes that are no text."""
    values = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    try:
        return _convert(values, name, notes)
    except pa.ArrowInvalid:
        notes.add(remarks.UNREADABLE, remarks.NAME, name=quote(name))
        return None


def _convert(values: pa.Array, name: str, notes: Notes) -> pa.Array:
    kind = values.type
    if pa.types.is_integer(kind):
        whole = values.type != pa.uint64() or (pc.max(values).as_py() or 0) < 2**63
        return values.cast(pa.int64() if whole else pa.float64(), safe=whole)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return values.cast(pa.float64(), safe=False)
    if pa.types.is_boolean(kind):
        return values
    if pa.types.is_date(kind):
        return values.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(kind):
        return _local(values, name, notes).cast(pa.timestamp("us"), safe=False)
    if pa.types.is_duration(kind):
        notes.add(remarks.DURATIONS, remarks.NAME, name=quote(name))
        return pc.divide(values.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
    if pa.types.is_nested(kind):
        return pa.array([_json(value) for value in values.to_pylist()], pa.large_string())
    return values.cast(pa.large_string())


def _local(values: pa.Array, name: str, notes: Notes) -> pa.Array:
    """The clock's time in the column's own zone: a column has no zone of its own."""
    if not values.type.tz:
        return values
    try:
        local = pc.local_timestamp(values)
    except pa.ArrowInvalid:
        notes.add(remarks.UNKNOWN_ZONE, remarks.NAME_AND, name=quote(name), detail=values.type.tz)
        return values.cast(pa.timestamp(values.type.unit))
    notes.add(remarks.LOCAL_TIMES, remarks.NAME_AND, name=quote(name), detail=values.type.tz)
    return local


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
