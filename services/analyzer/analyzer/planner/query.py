"""What a question asks for, independent of its words: `Draft` as it was said, `Query` once everything is decided."""

from dataclasses import dataclass
from typing import Literal

from analyzer.planner.dates import Unit, When
from warren.contracts.analyzer import Cell

Aggregation = Literal[
    "mean", "median", "sum", "min", "max", "std", "var", "range", "mode", "percentile", "count", "nunique"
]
Bucket = Unit | Literal["weekday", "hour_of_day", "month_of_year", "day_of_month", "season", "decade"]
"""How time is cut: calendar periods, or the recurring ones of a week, day or year."""
Chart = Literal["line", "bar", "hist", "scatter", "box", "pie", "heatmap", "none"]
End = Literal["high", "low"]
Operator = Literal[
    "in", "not_in", "gt", "ge", "lt", "le", "eq", "ne", "between", "during", "not_during", "since", "after", "before",
    "until", "span", "like", "not_like", "contains", "starts", "ends", "missing", "present", "highest", "lowest",
]  # fmt: skip
Task = Literal[
    "aggregate", "rows", "overview", "shape", "columns", "missing", "duplicates", "distinct", "correlation", "matrix",
    "distribution", "outliers", "part", "change", "extent",
]  # fmt: skip
Transform = Literal["share", "growth", "cumulative", "moving", "trend"]


MAX_LINES = 12
"""More lines than this in one chart cannot be told apart: the largest are drawn."""


MAX_POINTS = 20_000
"""Of more rows a scatter plot shows a sample: they would hide each other, and take seconds."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column with what to compute of it; `other` and `operator` make it a ratio or a difference of two columns.

    Without a column it is the number of rows. `percent` (0–100) is for `percentile`.
    """

    column: str | None
    aggregation: Aggregation | None = None
    percent: float = 50.0
    other: str | None = None
    operator: Literal["/", "-"] | None = None
    bucket: Bucket | None = None
    """For `nunique` of a date column: distinct periods of this length are counted."""


@dataclass(frozen=True, slots=True)
class Key:
    """What rows are grouped by: a column's values, or periods of a date column. `bins` cuts a number into ranges."""

    column: str
    bucket: Bucket | None = None
    bins: int | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one column; with `aggregation` a condition on groups, not rows.

    `values` are cells, periods for the date operators, an aggregation's name to compare with ("above average"), or for
    `highest` and `lowest` the number of rows to keep.
    """

    column: str
    operator: Operator
    values: tuple[Cell | When, ...] = ()
    aggregation: Aggregation | None = None
    said: tuple[str, ...] = ()
    """For `like`: the names as the question has them; `values` holds their spellings in all languages."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One question as far as it says. None and empty mean: not said."""

    tasks: tuple[str, ...] = ()
    """Names of the task cues, in order."""
    measures: tuple[Measure, ...] = ()
    aggregations: tuple[Aggregation, ...] = ()
    """Said without a column of their own."""
    keys: tuple[Key, ...] = ()
    subjects: tuple[Key, ...] = ()
    """Named without "by": what "which", "top 5" or "list" asks for."""
    filters: tuple[Filter, ...] = ()
    end: End | None = None
    """The end of the scale asked for: the most, or the least."""
    extreme: End | None = None
    """As `end`, but also where "highest" is a maximum, not a choice."""
    superlative: bool = False
    """An adjective picks single things ("heaviest")."""
    thing: bool = False
    """A word for the rows themselves, which no column is called by ("orders")."""
    selector: str | None = None
    """The column such an adjective is about."""
    counted: str | None = None
    """The column right after "how many"."""
    quality: Literal["best", "worst"] | None = None
    limit: int | None = None
    percent: float | None = None
    window: tuple[int, Unit | None] | None = None
    order: Literal["ascending", "descending"] | None = None
    chart: Chart | Literal["any"] | None = None
    asks: tuple[str, ...] = ()
    counting: bool = False
    usually: bool = False
    past: bool = False
    """It asks for a record ("had the highest"), not for a habit ("has")."""
    falling: bool = False
    """Of a change: the word for it means less ("drop"), so that the biggest is the lowest."""
    comparing: bool = False
    """Two comparatives without a number: "are richer countries healthier"."""
    time_words: bool = False
    """A period was named that the table may lack a column for."""
    followup: str | None = None
    unknown: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A complete question: everything the code writer needs."""

    task: Task
    measures: tuple[Measure, ...] = ()
    keys: tuple[Key, ...] = ()
    filters: tuple[Filter, ...] = ()
    having: tuple[Filter, ...] = ()
    columns: tuple[str, ...] = ()
    """Columns to show (rows), to examine (missing, distinct, correlation), first the one that names rows."""
    part: tuple[Filter, ...] = ()
    """For `part`: which of the filtered rows are the part."""
    transform: Transform | None = None
    window: int | None = None
    end: End | None = None
    """Order of the result: `high` first or `low` first."""
    by: str | None = None
    """Rows are ordered by this column; by the measure if empty."""
    limit: int | None = None
    chart: Chart | None = None
