"""What the parts of the analyzer tell each other about a table: how it was read, what is in it, what a run gave."""

from pathlib import Path
from typing import Literal

from warren.contracts.analyzer import Cell, Table
from warren.contracts.base import Message

Language = Literal["en", "ru"]
"""The languages in which a question is understood and answered."""
ColumnKind = Literal["integer", "number", "date", "boolean", "category", "text", "empty"]


class ColumnProfile(Message):
    """One column as the frame holds it.

    `kind` is `category` for text whose distinct values are few enough to name, `text` for the rest. `minimum` and
    `maximum` are given for numbers and dates (ISO 8601). `values` holds the distinct values, most frequent first:
    up to 50 for categories, booleans and small integers, else 5 samples. `step` is the usual distance of a date column.
    """

    name: str
    kind: ColumnKind
    dtype: str
    missing: int
    distinct: int
    minimum: Cell = None
    maximum: Cell = None
    values: tuple[Cell, ...] = ()
    step: Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"] | None = None


class FrameProfile(Message):
    """The whole table: its columns in order, and the first rows as cells."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    head: tuple[tuple[Cell, ...], ...] = ()


class Remark(Message):
    """A sentence for the user, or a part of one, in each language; braces stand for what is filled in."""

    en: str
    ru: str

    def said(self, language: Language) -> str:
        return self.ru if language == "ru" else self.en

    def filled(self, **values: object) -> "Remark":
        """The remark with `values` in the places of the same names."""
        return Remark(en=self.en.format(**values), ru=self.ru.format(**values))


class ReadReport(Message):
    """How the file was read. `warnings` say what was guessed, skipped or renamed, and where."""

    format: Literal["csv", "tsv", "excel", "parquet", "jsonl", "json"]
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    rows: int
    columns: int
    warnings: tuple[Remark, ...] = ()


class PreparedFrame(Message):
    """A file that was read once: the typed frame as an Arrow IPC file, and what is known of it."""

    path: Path
    report: ReadReport
    profile: FrameProfile


class RunPlot(Message):
    """A figure a run left open: PNG bytes, and the data behind it."""

    title: str
    png: bytes
    data: Table | None = None


class RunResult(Message):
    """What one sandboxed run of analysis code gave.

    `outcome`: `ok`, or why not: `refused` by the gate, `error` raised by the code, `timeout`, `memory`, `output` too
    large, `died` without a result. `error` is one line a model can repair from; `line` the line of the code it names.
    `value` is what the code left in `result` when that is a scalar; anything larger is among `tables`.
    """

    outcome: Literal["ok", "refused", "error", "timeout", "memory", "output", "died"]
    error: str | None = None
    line: int | None = None
    answer: str | None = None
    value: Cell = None
    tables: tuple[Table, ...] = ()
    plots: tuple[RunPlot, ...] = ()
    stdout: str = ""
    milliseconds: float = 0.0
