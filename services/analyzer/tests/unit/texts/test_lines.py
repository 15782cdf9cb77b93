"""Files of texts: cut anywhere, read line by line, whatever is wrong with a line."""

import csv
import io
import json
import random

import pytest

from analyzer.texts import lines
from analyzer.texts.cutting import Cutter
from analyzer.texts.lines import LONGEST, Bad, Format, Line, Parsed, opened, parse
from warren.blobs import BlobStore
from warren.errors import JobError

NDJSON = Format(kind="ndjson")


async def read(data: bytes, kind: str = "ndjson", part_bytes: int = 1 << 19) -> Parsed:
    """All of a file, through the parts it is cut into."""
    blobs = BlobStore("memory://lines")
    await blobs.put("file", data)
    file, start, line = opened(kind, data[:1000])  # type: ignore[arg-type]
    found = Parsed()
    cutter = Cutter(blobs, "file", len(data), file, part_bytes)
    while part := await cutter.cut(start, line):
        assert part.start == start
        if part.too_long:
            found.bad.append(lines.too_long(part.line))
        else:
            parsed = parse(file, data[part.start : part.stop], part.line)
            found.lines += parsed.lines
            found.bad += parsed.bad
        start, line = part.stop, line + part.lines
    assert start == len(data)
    return found


def numbers(found: list[Bad] | list[Line]) -> list[int]:
    return [item.line if isinstance(item, Bad) else item.number for item in found]


async def test_every_line_is_read_once_wherever_the_file_is_cut() -> None:
    texts = [f"line {n}\n" * (n % 9 + 1) for n in range(200)]
    data = "".join(f"{json.dumps({'track_id': n, 'text': text})}\n" for n, text in enumerate(texts)).encode()

    for whole in (data, data.rstrip(b"\n"), b"\xef\xbb\xbf" + data):
        found = await read(whole, part_bytes=100)
        assert found.bad == []
        assert [line.text for line in found.lines] == texts
        assert numbers(found.lines) == list(range(1, 201))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_records_of_a_csv_go_over_lines(delimiter: str) -> None:
    numbers_ = random.Random(3)
    words = ["sea", '"', "\n", delimiter, "é", "снег", " ", '""', "\r\n"]
    texts = ["x" + "".join(numbers_.choices(words, k=numbers_.randrange(12))) for _ in range(200)]
    written = io.StringIO(newline="")
    rows = csv.writer(written, delimiter=delimiter, lineterminator="\n")
    rows.writerow(["Text", "year", " TRACK_ID"])
    rows.writerows([text, 1999, n] for n, text in enumerate(texts))

    found = await read(written.getvalue().encode(), "csv", part_bytes=64)

    assert found.bad == []
    assert [line.text for line in found.lines] == texts
    assert [line.track_id for line in found.lines] == [str(n) for n in range(200)]


async def test_a_bad_line_is_told_and_the_others_are_read() -> None:
    good = b'{"track_id": "a", "text": "la"}'
    long = b'{"track_id": "long", "text": "' + b"x" * 5_000_000 + b'"}'
    bad = {
        b'{"track_id": "\xff", "text": "la"}': "text.not_utf8",
        long: "text.too_long",
        b'{"track_id": "b"}': "text.missing_field",
        b'{"text": "la"}': "text.missing_field",
        b'{"track_id": "c", "text": ""}': "text.missing_field",
        b'{"track_id": "c/d", "text": "la"}': "text.invalid",
        b'{"track_id": ["c"], "text": "la"}': "text.invalid",
        b'{"track_id": "c", "text": 7}': "text.invalid",
        b"la la la": "text.not_json",
        b"[1]": "text.not_json",
        b"[" * 100_000: "text.not_json",
    }
    data = b"\n".join([good, b"", *(part for line in bad for part in (line, good))])

    found = await read(data)

    assert [(item.line, item.code) for item in found.bad] == list(zip(range(3, 25, 2), bad.values(), strict=True))
    assert numbers(found.lines) == [1, *range(4, 25, 2)]


async def test_bad_records_of_a_csv_are_told_likewise() -> None:
    long = b'long,"' + b"x\n" * 2_500_000 + b'"'
    data = b"\n".join([b"track_id,text", b"a,la", b"\xff,la", b"b", long, b"c,la", b'd,"never closed', b"e,la"])

    found = await read(data, "csv")

    assert [(item.line, item.code) for item in found.bad] == [
        (3, "text.not_utf8"),
        (4, "text.missing_field"),
        (5, "text.too_long"),
    ]
    assert [(line.number, line.track_id) for line in found.lines] == [(2, "a"), (2_500_006, "c"), (2_500_007, "d")]


async def test_a_quote_that_is_never_closed_does_not_fill_the_memory() -> None:
    data = b'track_id,text\na,la\nb,"oh\n' + b"c,la la la\n" * (3 * LONGEST // 11)

    found = await read(data, "csv")

    assert [line.track_id for line in found.lines] == ["a"]
    assert [(item.line, item.code) for item in found.bad] == [(3, "text.too_long")]


def test_a_csv_without_the_columns_is_refused() -> None:
    with pytest.raises(JobError, match="track_id and text") as refused:
        opened("csv", b"id,lyrics\n1,la\n")

    assert refused.value.code == "batch.no_columns"


def test_a_line_may_end_in_any_way() -> None:
    data = b'{"track_id": "a", "text": "la"}\r\n\r\n{"track_id": "b", "text": "la\xe2\x80\xa8la"}'

    assert [line.track_id for line in parse(NDJSON, data, 1).lines] == ["a", "b"]
