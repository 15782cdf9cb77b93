"""What reading never does, whatever the file: start a thread, fail in another way than refusing, or take for ever."""

import io
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.reading import UnreadableFile, profile_frame, read_table, to_table

from .remarks import said

SAMPLES = Path(__file__).parent / "samples"

TOKENS = [
    *(bytes([byte]) for byte in b",;|\t\"'\n\r\x00-.1 #%:{}[]\xff\xa0"),
    *(text.encode() for text in ("NA", "2020-01-31", "31/12/2020", "12:99", "+14:00", "1e999", "inf", "0001-01-01")),
    *(text.encode() for text in ("9" * 20, "true", "да", "€", "\u2212", "sep=;\n", '\\"', "\u202e", "null")),
]
SEEDS = [
    b"town,day,sold\nRiga,2020-01-31,1.5\nTartu,31/12/2020 10:20 PM,-\n",
    "дата;город;сумма;доля\n01.02.2020;Москва;1 234,50;12%\n".encode("cp1251"),
    'a\tb\n"x\ny"\t2,5\n'.encode("utf-16"),
    b'[{"a":1,"b":{"c":[1,2]}},{"a":null,"b":"x"}]',
    b'{"a":1}\n{"a":"2020-01-01","z":1e5}\n',
]


def check(path: Path, content: bytes) -> None:
    """Reading ends in a frame or in a reason."""
    path.write_bytes(content)
    try:
        frame, report = read_table(path, name="x")
    except UnreadableFile as error:
        reason = error
    else:
        assert (report.rows, report.columns) == frame.shape
        assert len(said(report)) < 50
        profile_frame(frame).model_dump_json()
        to_table(frame.head()).model_dump_json()
        return
    assert reason.code.startswith("file.")
    assert reason.message


def mutate(content: bytes, dice: random.Random, *, insert: bool = True) -> bytes:
    """`content` with some bytes changed and, with `insert`, some added, dropped or doubled."""
    data = bytearray(content)
    for _ in range(dice.randint(1, 10)):
        place = dice.randrange(len(data) + 1)
        kind = dice.random() if insert else 1.0
        if kind < 0.5:
            data[place:place] = dice.choice(TOKENS) * dice.choice([1, 1, 3, 50])
        elif kind < 0.7:
            del data[place : place + dice.randint(1, 20)]
        elif data:
            data[min(place, len(data) - 1)] = dice.randrange(256)
    return bytes(data)


fuzz = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzz
@given(content=st.binary(max_size=2000))
def test_random_bytes(tmp_path: Path, content: bytes) -> None:
    check(tmp_path / "upload", content)


@fuzz
@given(tokens=st.lists(st.sampled_from(TOKENS), max_size=200))
def test_random_signs_of_tables(tmp_path: Path, tokens: list[bytes]) -> None:
    check(tmp_path / "upload", b"".join(tokens))


@fuzz
@given(seed=st.sampled_from(SEEDS), dice=st.randoms(use_true_random=False))
def test_damaged_text(tmp_path: Path, seed: bytes, dice: random.Random) -> None:
    check(tmp_path / "upload", mutate(seed, dice))


@fuzz
@given(dice=st.randoms(use_true_random=False))
def test_damaged_workbooks(tmp_path: Path, xlsx: Callable[..., bytes], dice: random.Random) -> None:
    book = xlsx(Data='<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>')
    check(tmp_path / "upload", mutate(book, dice, insert=False))
    check(tmp_path / "upload", rezip(book, dice))


@fuzz
@given(dice=st.randoms(use_true_random=False))
def test_damaged_open_document(tmp_path: Path, ods: Callable[[str], bytes], dice: random.Random) -> None:
    cell = '<table:table-cell office:value-type="float" office:value="1"/>'
    check(tmp_path / "upload", rezip(ods(f"<table:table-row>{cell}</table:table-row>" * 3), dice))


def rezip(book: bytes, dice: random.Random) -> bytes:
    """The zip file with one of its parts damaged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        damaged = dice.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, mutate(old.read(name), dice) if name == damaged else old.read(name))
    return buffer.getvalue()


@fuzz
@given(dice=st.randoms(use_true_random=False))
def test_damaged_parquet(tmp_path: Path, dice: random.Random) -> None:
    sink = io.BytesIO()
    pd.DataFrame({"a": [1, 2, None], "s": ["x", None, "z"], "d": pd.to_datetime(["2020-01-31"] * 3)}).to_parquet(sink)
    check(tmp_path / "upload", mutate(sink.getvalue(), dice, insert=False))


_NEW_THREADS_AND_MODULES = """
import os, sys
from pathlib import Path
from analyzer.reading import profile_frame, read_table
def state():
    return set(os.listdir("/proc/self/task")) | set(sys.modules)
before = state()
for name in sys.argv[1:]:
    profile_frame(read_table(Path(name), name=name)[0])
print(*(state() - before))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
def test_no_thread_is_started_and_no_module_imported(tmp_path: Path, xlsx: Callable[..., bytes]) -> None:
    frame = pd.DataFrame({"n": range(30_000), "day": pd.date_range("2000-01-01", periods=30_000), "t": "x"})
    frame.to_csv(tmp_path / "a.csv")
    frame.to_csv(tmp_path / "wide.csv", encoding="utf-16")
    (tmp_path / "b.csv").write_bytes("город;сумма\nМосква;1,5\nТверь;2,5\n".encode("cp1251"))
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True, date_format="iso")
    frame.to_json(tmp_path / "a.json", orient="records", date_format="iso")
    (tmp_path / "a.xlsx").write_bytes(xlsx(Data='<row><c t="str"><v>a</v></c></row><row><c><v>1</v></c></row>'))
    files = [*sorted(map(str, tmp_path.iterdir())), str(SAMPLES / "two_sheets.xls")]
    run = subprocess.run(
        [sys.executable, "-c", _NEW_THREADS_AND_MODULES, *files],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
    )
    assert not run.stdout.strip()
