"""From what pandas holds to what a JSON message can: cells and tables."""

import datetime as dt
import decimal
import math
from typing import Any

import numpy as np
import pandas as pd

from warren.contracts.analyzer import Cell, Table

MAX_CELL_CHARACTERS = 10_000
"""Longer text is cut: a table is for reading, and a run's whole result has to fit into a few megabytes."""


def to_cell(value: Any) -> Cell:
    """One scalar as JSON can hold it.

    Missing values (`None`, NaN, NaT, `pd.NA`) become None, infinities the text `inf` or `-inf`, dates ISO 8601
    without a time where it is midnight without a zone, everything unknown its `str`.
    """
    if isinstance(value, np.generic):
        value = _from_numpy(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _from_float(value)
    if isinstance(value, decimal.Decimal):
        return _from_float(float(value))
    if isinstance(value, dt.date | dt.time):
        return _from_date(value)
    return _from_text(value)


def to_table(frame: "pd.DataFrame | pd.Series[Any]", title: str = "", limit: int = 1000) -> Table:
    """The first `limit` rows as a message; an index that means something (not row numbers) comes first."""
    if isinstance(frame, pd.Series):
        frame = frame.to_frame(name="value" if frame.name is None else frame.name)
    top = frame.iloc[:limit]
    names: list[str] = []
    columns: list[list[Cell]] = []
    if _is_meaningful(frame.index):
        for level in range(frame.index.nlevels):
            name = frame.index.names[level]
            names.append("" if name is None else label(name))
            columns.append([to_cell(value) for value in top.index.get_level_values(level)])
    for position, name in enumerate(frame.columns):
        names.append(label(name))
        columns.append([to_cell(value) for value in top.iloc[:, position]])
    rows = tuple(zip(*columns, strict=True)) if columns else ()
    return Table(title=title, columns=tuple(names), rows=rows, total_rows=len(frame))


def label(name: Any) -> str:
    """A column's label as text; the levels of a multi-level one are joined with ` / `."""
    if isinstance(name, tuple):
        return " / ".join(part for part in map(label, name) if part)
    cell = to_cell(name)
    return "" if cell is None else str(cell)


def _is_meaningful(index: "pd.Index[Any]") -> bool:
    """Row numbers, even those left by a filter, mean nothing; names, dates and named levels do."""
    if index.nlevels > 1 or index.name is not None:
        return True
    return not pd.api.types.is_integer_dtype(index.dtype)


def _from_numpy(value: np.generic) -> Any:
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    if isinstance(value, np.timedelta64):
        return pd.Timedelta(value)
    return value.item()


def _from_float(value: float) -> Cell:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _from_date(value: dt.date | dt.time) -> str:
    if isinstance(value, dt.datetime) and _is_plain_day(value):
        return value.date().isoformat()
    return value.isoformat()


def _is_plain_day(value: dt.datetime) -> bool:
    nanoseconds = value.nanosecond if isinstance(value, pd.Timestamp) else 0
    return value.tzinfo is None and value.time() == dt.time.min and nanoseconds == 0


def _from_text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= MAX_CELL_CHARACTERS else text[: MAX_CELL_CHARACTERS - 1] + "…"
