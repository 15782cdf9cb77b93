"""Records and replies survive the way, and only in the form they are meant to have."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sandbox.wire import RECORD_SIZE, Kind, Record, RunReply, WireTable, encode, has_nul


@given(
    st.sampled_from(Kind),
    st.integers(0, 2**32 - 1),
    st.integers(-64, 255),
    st.integers(0, 2**32 - 1),
)
def test_record_survives(kind: Kind, run: int, code: int, milliseconds: int) -> None:
    record = Record(kind, run, code, milliseconds)
    assert len(record.pack()) == RECORD_SIZE
    assert Record.unpack(record.pack()) == record


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_is_encoded_without_nul_and_surrogates(text: str) -> None:
    payload = encode(RunReply(outcome="ok", answer=text))
    assert not has_nul(payload)
    expected = text.replace("\x00", "").encode("utf-8", "replace").decode()
    assert RunReply.model_validate_json(payload).answer == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (rb'{"a": "\u0000"}', True),
        (rb'{"a": "x\\\u0000"}', True),
        (rb'{"a": "\\u0000"}', False),
        (rb'{"a": "\\\\u0000"}', False),
    ],
)
def test_nul_is_told_from_a_text_about_nul(payload: bytes, expected: bool) -> None:
    assert has_nul(payload) is expected
    assert ("\x00" in json.loads(payload)["a"]) is expected


@pytest.mark.parametrize(
    "table",
    [
        {"columns": ["a"], "rows": [[1, 2]], "total_rows": 1},
        {"columns": ["a"], "rows": [[float("inf")]], "total_rows": 1},
        {"columns": ["a"], "rows": [[1], [2]], "total_rows": 1},
    ],
)
def test_irregular_table_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"cells|JSON|total"):
        WireTable.model_validate(table)
