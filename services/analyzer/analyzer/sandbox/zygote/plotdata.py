"""Reads the data behind a figure back from what was drawn: lines, bars, points, pies, boxes, heat-maps."""

import functools
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

from analyzer.reading.cells import to_cell
from warren.contracts.analyzer import Cell, Table

MAX_ROWS = 1000
_MAX_COLUMNS = 100

_DATE_FORMATTERS = (mdates.DateFormatter, mdates.AutoDateFormatter, mdates.ConciseDateFormatter)
_HALF_STEP = 0.5
_PIE, _BOXES = "_warren_pie", "_warren_boxes"


class _Series(NamedTuple):
    """One line, one set of bars, one cloud of points."""

    name: str
    x: list[Cell]
    y: list[Cell]
    length: int
    """How many points were drawn; `x` and `y` hold the first `MAX_ROWS`."""


def table_of(figure: Figure) -> Table | None:
    """One table of all the figure's axes: a column for x, one for each series. None when nothing is recognised."""
    for axes in figure.axes:
        special = _pie_of(axes) or _boxes_of(axes) or _image_of(axes)
        if special:
            return special
    series = [one for axes in figure.axes for one in _series_of(axes)]
    if not series:
        return None
    x_label = next((label for axes in figure.axes if (label := _labels(axes)[0])), "x")
    return _join(x_label, series[:_MAX_COLUMNS])


def _labels(axes: Axes) -> tuple[str, str]:
    """What the places and the lengths are called: the x and y axis, or the other way round for horizontal bars."""
    names = axes.get_xlabel(), axes.get_ylabel()
    return names[::-1] if any(map(_is_horizontal, axes.containers)) else names


def _is_horizontal(container: Any) -> bool:
    return isinstance(container, BarContainer) and container.orientation == "horizontal"


def _series_of(axes: Axes) -> Iterable[_Series]:
    for container in axes.containers:
        if isinstance(container, BarContainer):
            yield _bars(axes, container)
    for line in axes.get_lines():
        if line.get_transform() == axes.transData:  # not axhline and its like
            x, y = (pd.Index(np.ravel(values)) for values in line.get_data(orig=True))
            yield _Series(_name(line, axes), _on_axis(axes.xaxis, x), _cells(y), len(y))
    for collection in axes.collections:
        if isinstance(collection, PathCollection):
            x, y = map(pd.Index, np.ma.asarray(collection.get_offsets()).filled(np.nan).T)
            yield _Series(_name(collection, axes), _on_axis(axes.xaxis, x), _on_axis(axes.yaxis, y), len(x))


def _bars(axes: Axes, bars: BarContainer) -> _Series:
    horizontal = _is_horizontal(bars)
    axis = axes.yaxis if horizontal else axes.xaxis
    lengths = [bar.get_width() if horizontal else bar.get_height() for bar in bars.patches]
    x = _on_axis(axis, pd.Index(bars.position_centers, dtype=float))
    return _Series(_name(bars, axes), x, _cells(lengths), len(lengths))


def _on_axis(axis: Any, positions: "pd.Index[Any]") -> list[Cell]:
    """Positions as what they mean on this axis: names, dates or numbers."""
    positions = positions[:MAX_ROWS]
    if not pd.api.types.is_numeric_dtype(positions):
        return _cells(positions)  # as they were given: names, dates, periods
    frequency = getattr(axis.axes, "freq", None)
    if frequency and axis is axis.axes.xaxis:  # pandas draws regular dates as numbered periods
        return [to_cell(pd.Period(ordinal=int(number), freq=frequency)) for number in positions]
    ticks, names = _named_ticks(axis)
    if len(ticks):
        return [_nearest_name(float(number), ticks, names) for number in positions]
    if isinstance(axis.get_major_formatter(), _DATE_FORMATTERS):
        return _cells(pd.to_datetime(positions, unit="D").round("ms"))  # days since 1970
    return _cells(positions)


def _named_ticks(axis: Any) -> tuple["np.ndarray[Any, Any]", list[str]]:
    """Positions and names of the ticks, where these are names rather than numbers."""
    formatter = axis.get_major_formatter()
    fixed = isinstance(formatter, FuncFormatter) and isinstance(axis.get_major_locator(), FixedLocator)
    if not fixed and not isinstance(formatter, FixedFormatter | StrCategoryFormatter):
        return np.array([]), []
    names = [text.get_text() for text in axis.get_ticklabels()]
    return np.asarray(axis.get_ticklocs(), dtype=float)[: len(names)], names


def _nearest_name(position: float, ticks: "np.ndarray[Any, Any]", names: list[str]) -> Cell:
    """Bars of several series stand beside the tick they belong to."""
    nearest = int(np.argmin(np.abs(ticks - position)))
    return names[nearest] if abs(ticks[nearest] - position) <= _HALF_STEP else position


def _pie_of(axes: Axes) -> Table | None:
    pie = getattr(axes, _PIE, None)
    if pie is None:
        return None
    names = [wedge.get_label() for wedge in pie.wedges]
    return _table(("", axes.get_ylabel() or "value"), [names, _cells(pie.values)])


def _boxes_of(axes: Axes) -> Table | None:
    boxes = getattr(axes, _BOXES, None)
    if boxes is None:
        return None
    parts = {"": "label", "low": "whislo", "q1": "q1", "median": "med", "q3": "q3", "high": "whishi"}
    labels = [text.get_text() for text in axes.get_xticklabels()]
    columns = [[to_cell(box.get(key)) for box in boxes] for key in parts.values()]
    if not any(columns[0]) and len(labels) == len(boxes):
        columns[0] = list(labels)
    return _table(tuple(parts), columns)


def _image_of(axes: Axes) -> Table | None:
    if not axes.images:
        return None
    pixels: np.ndarray[Any, Any] = np.ma.filled(np.ma.asarray(axes.images[0].get_array(), dtype=float), np.nan)
    if pixels.ndim != 2:  # a photograph has a third one: its colours
        return None
    pixels = pixels[:MAX_ROWS, :_MAX_COLUMNS]
    down, across = (
        _on_axis(axis, pd.Index(range(size))) for axis, size in zip((axes.yaxis, axes.xaxis), pixels.shape, strict=True)
    )
    return _table(("", *map(str, across)), [down, *(_cells(column) for column in pixels.T)])


def _join(x_label: str, series: list[_Series]) -> Table:
    """Side by side where the series share their x, each value of x on one row."""
    rows: dict[Hashable, list[Cell]] = {}
    repeats: list[dict[Hashable, int]] = [{} for _ in series]
    for column, one in enumerate(series):
        for x, y in zip(one.x, one.y, strict=False):
            # Scattered points may share an x: the n-th of a series goes to the n-th row of that x.
            n = repeats[column][x] = repeats[column].get(x, 0) + 1
            row = rows.setdefault((x, n), [x, *([None] * len(series))])
            row[column + 1] = y
    kept = list(rows.values())[:MAX_ROWS]
    columns = (x_label, *(one.name for one in series))
    total = max(len(rows), *(one.length for one in series))
    return Table(columns=columns, rows=tuple(map(tuple, kept)), total_rows=total)


def _table(columns: tuple[str, ...], values: list[list[Cell]]) -> Table:
    rows = tuple(zip(*values, strict=True))
    return Table(columns=columns, rows=rows[:MAX_ROWS], total_rows=len(rows))


def _cells(values: Any) -> list[Cell]:
    return [to_cell(value) for value in values[:MAX_ROWS]]


def _name(artist: Any, axes: Axes) -> str:
    label = str(artist.get_label() or "")
    return _labels(axes)[1] or "y" if not label or label.startswith("_") else label


def _remember(attribute: str, of_result: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Wraps a method of Axes so that its result, or its first argument, stays with the axes."""

    def wrap(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def remembering(axes: Axes, first: Any, *args: Any, **kwargs: Any) -> Any:
            result = method(axes, first, *args, **kwargs)
            setattr(axes, attribute, result if of_result else first)
            return result

        return remembering

    return wrap


REMEMBERED = {"pie": _remember(_PIE, of_result=True), "bxp": _remember(_BOXES, of_result=False)}
"""Methods of Axes whose data cannot be read back from what they draw."""
