"""The profile of a frame: kinds, ranges, values, steps."""

import json

import pandas as pd
import pytest

from analyzer.frames import ColumnProfile
from analyzer.reading import profile_frame


def profile(values: object, **options: object) -> ColumnProfile:
    (column,) = profile_frame(pd.DataFrame({"x": pd.Series(values, **options)})).columns  # type: ignore[call-overload]
    assert isinstance(column, ColumnProfile)
    return column


def test_a_whole_frame() -> None:
    frame = pd.DataFrame(
        {
            "town": ["Riga", "Tartu", "Riga", None],
            "sold": pd.array([1, 2, None, 4], "Int64"),
            "price": [2.5, None, 1.5, 0.5],
            "paid": [True, False, True, True],
            "day": pd.to_datetime(["2020-01-31", "2020-02-01", "", "2020-02-02"]),
            "nothing": [None, None, None, None],
        }
    )
    read = profile_frame(frame)
    assert [column.kind for column in read.columns] == ["category", "integer", "number", "boolean", "date", "empty"]
    assert [column.missing for column in read.columns] == [1, 1, 1, 0, 1, 4]
    assert [column.distinct for column in read.columns] == [2, 3, 3, 2, 3, 0]
    assert [column.dtype for column in read.columns][:2] == ["str", "Int64"]
    assert (read.columns[0].values, read.columns[0].minimum) == (("Riga", "Tartu"), None)
    assert (read.columns[1].minimum, read.columns[1].maximum) == (1, 4)
    assert (read.columns[4].minimum, read.columns[4].maximum, read.columns[4].step) == (
        "2020-01-31",
        "2020-02-02",
        "day",
    )
    assert read.rows == 4
    assert read.head[3] == (None, 4, 0.5, True, "2020-02-02", None)
    json.loads(read.model_dump_json())


def test_values_come_most_frequent_first_and_are_bounded() -> None:
    column = profile([f"c{n % 60}" for n in range(1200)] + ["c7"] * 5)
    assert column.kind == "category"
    assert column.values[0] == "c7"
    assert len(column.values) == 50
    assert column.distinct == 60


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([f"name {n}" for n in range(200)], "text"),
        ([f"name {n}" for n in range(30)], "text"),
        (["N", "S", "E", "W"], "category"),
        ([f"country {n}" for n in range(180)] * 20, "category"),
        (["a sentence that goes on and on, as people write them in their reviews"] * 5, "text"),
    ],
)
def test_text_that_comes_back_is_a_category(values: list[str], kind: str) -> None:
    assert profile(values).kind == kind


def test_small_integers_name_their_values_and_large_ones_samples() -> None:
    assert profile([3, 1, 3, 2, 3, 1]).values == (3, 1, 2)
    assert len(profile(range(1000)).values) == 5


@pytest.mark.parametrize(
    ("frequency", "step"),
    [
        ("s", "second"),
        ("5min", "minute"),
        ("h", "hour"),
        ("D", "day"),
        ("B", "day"),
        ("W", "week"),
        ("MS", "month"),
        ("ME", "month"),
        ("QS", "quarter"),
        ("YS", "year"),
    ],
)
def test_the_usual_step_of_dates(frequency: str, step: str) -> None:
    dates = pd.date_range("2010-01-01", periods=30, freq=frequency)
    assert profile([*dates, *dates]).step == step


def test_one_date_has_no_step() -> None:
    assert profile(pd.to_datetime(["2020-01-01"] * 3)).step is None


def test_a_frame_without_rows_or_columns() -> None:
    assert profile_frame(pd.DataFrame()).columns == ()
    assert profile_frame(pd.DataFrame({"a": pd.Series([], dtype="str")})).columns[0].kind == "empty"
