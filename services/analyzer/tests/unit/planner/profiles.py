"""A profile of a frame as the reader makes it (see `FrameProfile`)."""

import pandas as pd
from pandas.api import types

from analyzer.frames import ColumnKind, ColumnProfile, FrameProfile


def profile_of(df: pd.DataFrame) -> FrameProfile:
    return FrameProfile(rows=len(df), columns=tuple(_column(df[name], name) for name in df.columns))


def _column(series: "pd.Series[object]", name: str) -> ColumnProfile:
    kind = _kind(series)
    present = series.dropna()
    counts = present.value_counts()
    named = kind in ("category", "boolean") or (kind == "integer" and len(counts) <= 50)
    values = counts.index[: 50 if named else 5]
    bounds = present.min(), present.max()
    ordered = kind in ("integer", "number", "date")
    text = [value.isoformat() if kind == "date" else value.item() for value in bounds] if ordered else [None, None]
    return ColumnProfile(
        name=name,
        kind=kind,
        dtype=str(series.dtype),
        missing=int(series.isna().sum()),
        distinct=len(counts),
        minimum=text[0],
        maximum=text[1],
        values=tuple(value.item() if hasattr(value, "item") else str(value) for value in values),
        step=_step(present) if kind == "date" else None,
    )


def _kind(series: "pd.Series[object]") -> ColumnKind:
    if types.is_bool_dtype(series):
        return "boolean"
    if types.is_integer_dtype(series):
        return "integer"
    if types.is_numeric_dtype(series):
        return "number"
    if types.is_datetime64_any_dtype(series):
        return "date"
    return "category" if series.nunique() <= min(50, max(2, len(series) // 2)) else "text"


def _step(series: "pd.Series[object]") -> str | None:
    days = pd.Series(series.unique()).sort_values().diff().median() / pd.Timedelta(days=1)
    steps = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30.5, "quarter": 91, "year": 365}
    return next((name for name, size in steps.items() if 0.9 * size <= days <= 1.1 * size), None)
