"""Runs planned code on a frame, and compares what it gave with what pandas says."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analyzer.frames import FrameProfile
from analyzer.planner import Plan, plan
from analyzer.reading.profile import profile_frame
from warren.contracts.analyzer import Turn

from .tables import table

mpl.use("Agg")


@dataclass
class Outcome:
    """What a plan's code set, and the axes it left open."""

    plan: Plan
    answer: str
    result: Any
    axes: list[Any]


def ask(name: str, *questions: str, draw: bool = True) -> Outcome:
    """Asks the last question after the others, and runs the code of the last."""
    history = tuple(Turn(question=question, answer="") for question in questions[:-1])
    planned = plan(questions[-1], profile(name), history)
    return run(planned, table(name).copy(), draw=draw)


@cache
def profile(name: str) -> FrameProfile:
    """What the reader says of the table `name`."""
    return profile_frame(table(name))


def run(planned: Plan, df: pd.DataFrame, *, draw: bool = True) -> Outcome:
    """Runs the code as the sandbox does, and draws its figure unless told not to: that is what takes the time."""
    plt.close("all")
    space: dict[str, Any] = {"df": df, "pd": pd, "np": np, "plt": plt}
    exec(compile(planned.code, "<plan>", "exec"), space)
    figures = [plt.figure(number) for number in plt.get_fignums()]
    for figure in figures if draw else []:
        figure.canvas.draw()
    axes = [figure.axes[0] for figure in figures]
    return Outcome(planned, space["answer"], space["result"], axes)


def agrees(outcome: Outcome, expected: Any) -> bool:
    """Whether the result, or failing that the answer's text, states the expected value."""
    if isinstance(expected, str):
        return expected in outcome.answer
    if isinstance(expected, pd.Series | Mapping):
        return _same_mapping(_mapping(outcome.result), _mapping(expected))
    if isinstance(expected, pd.DataFrame):
        return isinstance(outcome.result, pd.DataFrame) and _same_mapping(_mapping(outcome.result), _mapping(expected))
    if isinstance(expected, list):
        return _same_list(outcome, expected)
    return _has_number(outcome, float(expected))


def chart_kind(axis: Any) -> set[str]:
    """What is drawn: by the artists on the axes."""
    kinds = set()
    if axis.images:
        kinds.add("heatmap")
    if any(type(patch).__name__ == "Wedge" for patch in axis.patches):
        kinds.add("pie")
    if any(type(patch).__name__ == "Rectangle" for patch in axis.patches):
        kinds |= {"bar", "hist"}
    if axis.collections and not axis.images:
        kinds.add("scatter")
    lines = [line for line in axis.lines if len(line.get_xdata()) > 1]
    if lines and not axis.patches:
        kinds |= {"line", "box"}
    return kinds


def _has_number(outcome: Outcome, expected: float) -> bool:
    result = outcome.result
    if isinstance(result, bool | int | float | np.number):
        return math.isclose(float(result), expected, rel_tol=1e-6, abs_tol=1e-9)
    written = {f"{expected:.2f}".rstrip("0").rstrip("."), f"{expected:.3f}".rstrip("0").rstrip(".")}
    found = outcome.answer.replace("(", " ").replace(")", " ").replace(";", " ").replace(",", " ").split()
    return any(word.rstrip(".:") in written for word in found)


def _mapping(values: Any) -> dict[str, float]:
    if isinstance(values, pd.DataFrame):
        values = values.iloc[:, 0] if values.shape[1] == 1 else values.stack()
    if not isinstance(values, pd.Series | Mapping):
        return {}
    return {_key(key): float(value) for key, value in values.items() if _is_number(value)}


def _key(key: Any) -> str:
    if isinstance(key, tuple):
        return "/".join(sorted(_key(part) for part in key))
    return str(int(key)) if isinstance(key, float) and key == int(key) else str(key)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not math.isnan(float(value))


def _same_mapping(found: dict[str, float], expected: dict[str, float]) -> bool:
    return found.keys() == expected.keys() and all(
        math.isclose(found[key], expected[key], rel_tol=1e-6, abs_tol=1e-9) for key in expected
    )


def _same_list(outcome: Outcome, expected: list[Any]) -> bool:
    """Numbers anywhere in the result, or names in this order: in its index or one of its columns."""
    result = outcome.result
    if isinstance(result, pd.Series):
        candidates = [list(result.index), list(result)]
    elif isinstance(result, pd.DataFrame):
        candidates = [list(result.index), *(list(result[column]) for column in result.columns)]
    else:
        return False
    if all(_is_number(value) for value in expected):
        return any(
            len(values) == len(expected)
            and all(
                _is_number(value) and math.isclose(value, other, rel_tol=1e-6)
                for value, other in zip(sorted(values), sorted(expected), strict=True)
            )
            for values in candidates
            if all(_is_number(value) for value in values)
        )
    wanted = [str(value) for value in expected]
    texts = [
        [value.strftime("%Y-%m-%d") if isinstance(value, pd.Timestamp) else str(value) for value in values]
        for values in candidates
    ]
    return any(values == wanted or (sorted(values) == wanted) for values in texts)
