"""Any file that holds a table, read into a typed frame."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from analyzer.frames import ReadReport
from analyzer.reading import remarks
from analyzer.reading.content import sniff
from analyzer.reading.delimited import read_delimited
from analyzer.reading.encoding import Encoding, detect_encoding
from analyzer.reading.excel import read_excel
from analyzer.reading.infer import to_frame
from analyzer.reading.jsonfile import looks_like_json, read_json
from analyzer.reading.layout import refuse_header_only
from analyzer.reading.lines import open_text
from analyzer.reading.notes import Notes, quote
from analyzer.reading.parquet import read_parquet
from analyzer.reading.rawtable import RawTable

_HEAD_CHARACTERS = 4096


@dataclass(frozen=True)
class _Source:
    table: RawTable
    format: Literal["csv", "tsv", "excel", "parquet", "jsonl", "json"]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()


def read_table(path: Path, *, name: str, sheet: str | None = None) -> tuple[pd.DataFrame, ReadReport]:
    """Read the table in the file at `path`, whatever its format, which its content tells.

    `name` is what the client called the file and only appears in sentences. `sheet` names a worksheet; without it the
    first that holds a table is read. The frame has row numbers for its index and a name for each column; its dtypes are
    those of `to_frame`. Starts no thread and writes no file.

    Raises UnreadableFile, and for bad content nothing else (`MemoryError` apart).
    """
    notes = Notes()
    with _collector_paused():
        source = _read(path, sheet, notes)
    names = source.table.names
    frame, decimal = to_frame(source.table, notes, source.delimiter)
    if frame.empty:
        refuse_header_only(names)
    if sheet is not None and source.format != "excel":
        notes.say(remarks.NO_WORKBOOK, name=quote(name), sheet=quote(sheet))
    report = ReadReport(
        format=source.format,
        encoding=source.encoding,
        delimiter=source.delimiter,
        decimal=decimal,
        sheet=source.sheet,
        sheets=source.sheets,
        rows=len(frame),
        columns=len(frame.columns),
        warnings=notes.sentences(),
    )
    return frame, report


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Rows of text hold no cycles, and looking for some in millions of them takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(path: Path, sheet: str | None, notes: Notes) -> _Source:
    content = sniff(path)
    if content == "parquet":
        return _Source(read_parquet(path, notes), "parquet")
    if content == "text":
        return _read_text(path, notes)
    excel = read_excel(path, sheet, notes, zipped=content == "zip")
    return _Source(excel.table, "excel", sheet=excel.sheet, sheets=excel.sheets)


def _read_text(path: Path, notes: Notes) -> _Source:
    encoding = detect_encoding(path, notes)
    if encoding.broken:
        notes.say(remarks.BROKEN_BYTES, encoding=encoding.label.upper())
    if _starts_as_json(path, encoding):
        table, json_format = read_json(path, encoding, notes)
        return _Source(table, json_format, encoding.label)
    read = read_delimited(path, encoding, notes)
    text_format: Literal["csv", "tsv"] = "tsv" if read.delimiter == "\t" else "csv"
    return _Source(read.table, text_format, encoding.label, read.delimiter)


def _starts_as_json(path: Path, encoding: Encoding) -> bool:
    with open_text(path, encoding) as file:
        return looks_like_json(file.read(_HEAD_CHARACTERS))
