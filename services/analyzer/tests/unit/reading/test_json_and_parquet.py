"""JSON in its shapes, JSON lines, and Parquet."""

import datetime as dt
import decimal
import io
import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.frames import ReadReport
from analyzer.reading import UnreadableFile

from .remarks import said

Read = Callable[..., tuple[pd.DataFrame, ReadReport]]
Refuse = Callable[..., UnreadableFile]


@pytest.mark.parametrize(
    "document",
    [
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        [["a", "b"], [1, "x"], [2, "y"]],
        {"a": [1, 2], "b": ["x", "y"]},
        {"columns": ["a", "b"], "index": [0, 1], "data": [[1, "x"], [2, "y"]]},
        {"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}},
        {"source": "shop", "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_the_shapes_of_json_tables(read: Read, document: Any, indent: int | None) -> None:
    frame, report = read(json.dumps(document, indent=indent))
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert report.format == "json"


def test_rows_keyed_by_name_keep_the_name(read: Read) -> None:
    frame, _ = read('{"Riga": {"n": 1}, "Tartu": {"n": 2}}')
    assert frame.to_dict("list") == {"key": ["Riga", "Tartu"], "n": [1, 2]}


def test_json_lines_may_lack_keys_and_be_broken(read: Read) -> None:
    frame, report = read('{"a":1,"day":"2020-01-31"}\n{"a":2.5,"new":true}\noops\n\n{"a":3}\n')
    assert frame["a"].tolist() == [1, 2.5, 3]
    assert frame["day"][0] == pd.Timestamp("2020-01-31")
    assert frame["new"].isna().tolist() == [True, False, True]
    assert report.format == "jsonl"
    assert said(report) == ("Lines that are no JSON were left out: line 3.",)


def test_keys_that_come_late_become_columns(read: Read) -> None:
    lines = ['{"a":1}'] * 50_000 + ['{"a":2,"b":"x"}']
    frame, _ = read("\n".join(lines))
    assert frame["b"].notna().sum() == 1
    assert frame["b"].iloc[-1] == "x"


def test_objects_inside_become_columns_and_lists_text(read: Read) -> None:
    frame, _ = read('[{"a":{"b":{"c":1.5}},"tags":["x","y"],"deep":[{"z":1}]},{"a":null}]')
    assert list(frame.columns) == ["a.b.c", "tags", "deep", "a"]
    assert frame.iloc[0].tolist()[:3] == [1.5, "x, y", '[{"z": 1}]']


def test_numbers_of_json_are_not_reread_as_thousands(read: Read) -> None:
    frame, _ = read('[{"x":1.234,"y":"1,5"},{"x":2.345,"y":"2,5"}]')
    assert frame["x"].tolist() == [1.234, 2.345]
    assert frame["y"].tolist() == [1.5, 2.5]


def test_an_integer_of_a_thousand_digits_is_text(read: Read) -> None:
    frame, _ = read('[{"x":' + "9" * 10_000 + '},{"x":1}]')
    assert str(frame["x"].dtype) == "str"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ('[{"a":1},\n{"a":', "file.broken_json", "line 2, column 6"),
        ('[{"a":1} {"a":2}]', "file.broken_json", "column 10"),
        ('{"a":1', "file.broken_json", "line 1"),
        ("[" * 200_000, "file.too_deep", "deeply"),
        ('{"a":' * 200_000, "file.too_deep", "deeply"),
        ("[]", "file.empty", "no rows"),
        ("[{},{}]", "file.empty", "no values"),
        ('{"a":1}\n{"a":2}\n' + "{\n" * 9, "file.broken_json", "9 of 11"),
    ],
)
def test_json_without_a_table_is_refused(refuse: Refuse, text: str, code: str, place: str) -> None:
    reason = refuse(text)
    assert reason.code == code
    assert place in reason.message


def test_a_heading_in_brackets_is_not_json(read: Read) -> None:
    assert list(read("[Day],[Price]\n2020-01-31,5\n2020-02-01,6\n")[0].columns) == ["[Day]", "[Price]"]


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_parquet_keeps_its_types(read: Read) -> None:
    noon = dt.datetime(2020, 1, 31, 12, tzinfo=dt.UTC)
    frame, report = read(
        parquet(
            whole=[1, 2, None],
            small=pa.array([1, 2, 3], pa.int8()),
            price=[decimal.Decimal("1.50"), None, decimal.Decimal("3.25")],
            paid=[True, None, False],
            day=[dt.date(2020, 1, 31), None, dt.date(2020, 2, 1)],
            at=pa.array([noon] * 3, pa.timestamp("ns", tz="Europe/Moscow")),
            town=pa.array(["Riga", None, "Riga"]).dictionary_encode(),
            place=[{"x": 1.5}, {"x": 2.5}, {"x": 3.5}],
            tags=[["a", "b"], None, []],
            took=pa.array([90, 60, 30], pa.duration("s")),
        )
    )
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "whole": "Int64",
        "small": "int64",
        "price": "float64",
        "paid": "boolean",
        "day": "datetime64[us]",
        "at": "datetime64[us]",
        "town": "str",
        "place.x": "float64",
        "tags": "str",
        "took": "float64",
    }
    assert frame["at"][0] == pd.Timestamp("2020-01-31 15:00")
    assert frame["took"].tolist() == [90, 60, 30]
    assert frame["tags"][0] == '["a", "b"]'
    assert report.format == "parquet"
    assert any("Europe/Moscow" in warning for warning in said(report))


def test_text_in_parquet_is_recognised(read: Read) -> None:
    assert read(parquet(day=["31.01.2020", "01.02.2020"]))[0]["day"][0] == pd.Timestamp("2020-01-31")


def test_bytes_that_are_no_text_are_left_out_of_parquet(read: Read) -> None:
    frame, report = read(parquet(a=[1, 2], b=[b"\xff\xfe", b"\x80"]))
    assert list(frame.columns) == ["a"]
    assert '"b"' in said(report)[0]


@pytest.mark.parametrize("kept", [10, 300, -20])
def test_parquet_that_is_cut_off_is_refused(refuse: Refuse, kept: int) -> None:
    reason = refuse(parquet(a=list(range(1000)))[:kept])
    assert reason.code == "file.damaged_parquet"


def test_parquet_that_unpacks_too_large_is_refused(refuse: Refuse) -> None:
    sink = io.BytesIO()
    table = pa.table({f"c{n}": pa.nulls(700_000) for n in range(100)})
    pq.write_table(table, sink)
    assert refuse(sink.getvalue()).code == "file.too_large"


def test_parquet_without_rows_is_refused(refuse: Refuse) -> None:
    assert refuse(parquet(a=pa.array([], pa.int64()))).code == "file.header_only"
