"""Collects the figures of a run as pictures with the data behind them."""

import io
from typing import Any, NamedTuple, Self

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyzer.sandbox.zygote import plotdata
from warren.contracts.analyzer import Table

_DPI = 110
_MAX_PIXELS = 4_000_000


class Drawing(NamedTuple):
    """A figure as PNG, and its data as far as they can be told from it."""

    title: str
    png: bytes
    data: Table | None


class FigureCollector:
    """While entered, `savefig` draws for the collector instead of writing a file, and axes remember their data.

    At most `limit` figures are kept, the first ones.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._saved: list[tuple[Figure, Drawing]] = []
        self._originals: list[tuple[type, str, Any]] = []

    def __enter__(self) -> Self:
        self._draw_to = Figure.savefig
        self._patch(Figure, "savefig", lambda figure, *_args, **_kwargs: self._save(figure))
        for method, remember in plotdata.REMEMBERED.items():
            self._patch(Axes, method, remember(getattr(Axes, method)))
        return self

    def __exit__(self, *_: object) -> None:
        for owner, name, original in self._originals:
            setattr(owner, name, original)

    def drawings(self) -> list[Drawing]:
        """All saved figures in the order of their saving, then those that are open and were not saved as they are."""
        for number in plt.get_fignums():
            figure = plt.figure(number)
            saved = any(figure is other for other, _ in self._saved)
            if figure.axes and not (saved and not figure.stale):
                self._save(figure)
        return [drawing for _, drawing in self._saved]

    def _save(self, figure: Figure) -> None:
        if len(self._saved) < self._limit:
            self._saved.append((figure, self._draw(figure)))

    def _draw(self, figure: Figure) -> Drawing:
        width, height = figure.get_size_inches()
        dpi = min(_DPI, (_MAX_PIXELS / (width * height)) ** 0.5)
        target = io.BytesIO()
        self._draw_to(figure, target, format="png", dpi=dpi, bbox_inches="tight")
        return Drawing(_title_of(figure), target.getvalue(), _data_of(figure))

    def _patch(self, owner: type, name: str, replacement: Any) -> None:
        self._originals.append((owner, name, getattr(owner, name)))
        setattr(owner, name, replacement)


def _data_of(figure: Figure) -> Table | None:
    try:
        return plotdata.table_of(figure)
    except (AttributeError, IndexError, TypeError, ValueError):
        return None  # an unusual drawing: the picture is what was asked for, its data an extra


def _title_of(figure: Figure) -> str:
    titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    titles += [axes.get_ylabel() for axes in figure.axes]
    return next((title for title in titles if title), "")
