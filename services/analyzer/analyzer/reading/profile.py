"""What is in a frame: the kind, range and values of each column, for a planner, a model and a person."""

from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from pandas.api import types

from analyzer.frames import ColumnKind, ColumnProfile, FrameProfile
from analyzer.reading.cells import label, to_cell

HEAD_ROWS: Final = 5
MAX_VALUES: Final = 50
"""Distinct values that are named one by one."""
SAMPLES: Final = 5
MAX_CATEGORIES: Final = 1000
_ROWS_PER_CATEGORY: Final = 20
"""A text with more than 50 distinct values is a category if they come back: countries, shops, products."""
_MAX_CATEGORY_CHARACTERS: Final = 60
"""Mean length; longer texts are sentences, even if there are few."""
_MAX_UNIQUE_CATEGORIES: Final = 20
"""In a longer table, values that never come back are names, not categories."""

Step = Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"]
_STEPS: Final[tuple[tuple[Step, float], ...]] = (
    ("year", 365 * 86400.0),
    ("quarter", 89 * 86400.0),
    ("month", 28 * 86400.0),
    ("week", 7 * 86400.0),
    ("day", 86400.0),
    ("hour", 3600.0),
    ("minute", 60.0),
    ("second", 1.0),
)
"""Each with the seconds that its shortest instance takes."""

Column = Any
"""`pandas.Series`, whose element type depends on the file."""


def profile_frame(frame: pd.DataFrame) -> FrameProfile:
    """The profile of a frame as `read_table` returns it, or of any other with hashable cells."""
    columns = tuple(_profile_column(frame.iloc[:, position]) for position in range(frame.shape[1]))
    top = [[to_cell(value) for value in frame.iloc[:HEAD_ROWS, position]] for position in range(frame.shape[1])]
    return FrameProfile(rows=len(frame), columns=columns, head=tuple(zip(*top, strict=True)))


def _profile_column(column: Column) -> ColumnProfile:
    counts = column.value_counts(dropna=True)
    kind = _kind(column, counts)
    ranged = kind in {"integer", "number", "date"}
    return ColumnProfile(
        name=label(column.name),
        kind=kind,
        dtype=str(column.dtype),
        missing=int(column.isna().sum()),
        distinct=len(counts),
        minimum=to_cell(column.min()) if ranged else None,
        maximum=to_cell(column.max()) if ranged else None,
        values=tuple(to_cell(value) for value in counts.index[: _values_shown(kind, len(counts))]),
        step=_step(counts.index) if kind == "date" else None,
    )


def _kind(column: Column, counts: Column) -> ColumnKind:
    if not len(counts):
        return "empty"
    if types.is_bool_dtype(column.dtype):
        return "boolean"
    if types.is_integer_dtype(column.dtype):
        return "integer"
    if types.is_numeric_dtype(column.dtype):
        return "number"
    if types.is_datetime64_any_dtype(column.dtype):
        return "date"
    return "category" if _is_category(counts) else "text"


def _is_category(counts: Column) -> bool:
    rows = int(counts.sum())
    if len(counts) > max(MAX_VALUES, min(MAX_CATEGORIES, rows // _ROWS_PER_CATEGORY)):
        return False
    if len(counts) == rows > _MAX_UNIQUE_CATEGORIES:
        return False
    return sum(len(str(value)) for value in counts.index) <= _MAX_CATEGORY_CHARACTERS * len(counts)


def _values_shown(kind: ColumnKind, distinct: int) -> int:
    if kind in {"category", "boolean"} or (kind == "integer" and distinct <= MAX_VALUES):
        return MAX_VALUES
    return SAMPLES


def _step(dates: "pd.Index[Any]") -> Step | None:
    """The unit of the usual distance between neighbours; None if there is only one date, or less than a second."""
    moments = np.sort(dates.to_numpy().astype("M8[us]").astype(np.int64))
    if len(moments) < 2:
        return None
    usual = float(np.median(np.diff(moments))) / 1e6
    return next((step for step, seconds in _STEPS if usual >= seconds), None)
