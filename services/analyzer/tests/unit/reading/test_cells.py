"""What pandas holds, as JSON can hold it."""

import datetime as dt
import decimal
import json
import math

import numpy as np
import pandas as pd
import pytest

from analyzer.reading import to_cell, to_table
from warren.contracts.analyzer import Cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None),
        (math.nan, None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.datetime64("NaT"), None),
        (np.float64("nan"), None),
        (np.int64(5), 5),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (math.inf, "inf"),
        (decimal.Decimal("1.5"), 1.5),
        (pd.Timestamp("2020-01-31"), "2020-01-31"),
        (pd.Timestamp("2020-01-31 10:20"), "2020-01-31T10:20:00"),
        (pd.Timestamp("2020-01-31 00:00:00.000000001"), "2020-01-31T00:00:00.000000001"),
        (pd.Timestamp("2020-01-31", tz="UTC"), "2020-01-31T00:00:00+00:00"),
        (np.datetime64("2020-01-31T10:00"), "2020-01-31T10:00:00"),
        (dt.date(2020, 1, 31), "2020-01-31"),
        (dt.time(10, 20), "10:20:00"),
        (pd.Period("2020-01", "M"), "2020-01"),
        (pd.Timedelta("1h"), "0 days 01:00:00"),
        (pd.Interval(0, 5), "(0, 5]"),
        (b"abc", "abc"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_values_become_cells(value: object, cell: Cell) -> None:
    read = to_cell(value)
    assert read == cell
    assert type(read) is type(cell)


def test_long_text_is_cut() -> None:
    cell = to_cell("x" * 20_000)
    assert isinstance(cell, str)
    assert len(cell) == 10_000
    assert cell.endswith("…")


def test_a_frame_becomes_a_table_with_its_first_rows() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})
    table = to_table(frame[frame["a"] > 1], "Some rows", limit=1)
    assert (table.title, table.columns, table.rows, table.total_rows) == ("Some rows", ("a", "b"), ((2, None),), 2)
    json.loads(table.model_dump_json())


def test_an_index_that_means_something_is_shown() -> None:
    frame = pd.DataFrame({"town": ["Riga", "Tartu"], "sold": [1, 2]})
    assert to_table(frame.groupby("town")["sold"].sum()).columns == ("town", "sold")
    assert to_table(frame.describe()).columns == ("", "sold")
    assert to_table(frame["sold"].rename(None)).columns == ("value",)
    pivot = frame.pivot_table(index="town", columns="sold", values="sold", aggfunc=["sum", "mean"])
    assert to_table(pivot).columns == ("town", "sum / 1", "sum / 2", "mean / 1", "mean / 2")


def test_an_empty_frame_becomes_an_empty_table() -> None:
    assert to_table(pd.DataFrame()).rows == ()
    assert to_table(pd.DataFrame({"a": []})).columns == ("a",)
