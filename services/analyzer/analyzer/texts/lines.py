"""Files of texts: where they may be cut, and what stands in a part of one."""

import csv
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from warren.contracts.base import Message
from warren.contracts.texts import TRACK_PATTERN
from warren.errors import JobError

LONGEST = 1_000_000
"""Bytes of a line, or of a record of a CSV that goes over several. A song has some 2,000."""
BOM = b"\xef\xbb\xbf"
COLUMNS = ("track_id", "text")

_TRACK = re.compile(TRACK_PATTERN)
# The limit of the csv module is one of the process, and ours holds before it.
csv.field_size_limit(sys.maxsize)


class Format(Message):
    """How to read a file. For CSV, `places` are those of `COLUMNS` among its columns."""

    kind: Literal["ndjson", "csv"]
    delimiter: str = ","
    places: tuple[int, int] = (0, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """A text and the number of the line where it begins, from 1."""

    number: int
    track_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that is not kept, and why. `code` is stable; `message` is for a person."""

    line: int
    code: str
    message: str
    track_id: str | None = None

    def shown(self) -> dict[str, Any]:
        return {"line": self.line, "track_id": self.track_id, "code": self.code, "message": self.message}


@dataclass
class Parsed:
    """What stands in a part of a file."""

    lines: list[Line] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)


def opened(kind: Literal["ndjson", "csv"], head: bytes) -> tuple[Format, int, int]:
    """How to read a file that begins like this, where its texts begin, and in which line.

    Raises `JobError` `batch.no_columns` for a CSV whose first line does not name both columns.
    """
    start = len(BOM) if head.startswith(BOM) else 0
    if kind == "ndjson":
        return Format(kind="ndjson"), start, 1
    end = head.find(b"\n") + 1 or len(head)
    first = head[start:end].decode("utf-8", "replace")
    for delimiter in ",;\t|":
        names = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
        if set(COLUMNS) <= set(names):
            places = (names.index(COLUMNS[0]), names.index(COLUMNS[1]))
            return Format(kind="csv", delimiter=delimiter, places=places), end, 2
    raise JobError("batch.no_columns", f"The first line of a CSV must name the columns {' and '.join(COLUMNS)}.")


def last_end(file: Format, data: bytes, *, whole: bool) -> int:
    """Where the last line, or record, of `data` ends; 0 if none does. `whole`: the file ends with `data`."""
    if whole:
        return len(data)
    if file.kind == "ndjson":
        return data.rfind(b"\n") + 1
    end, read = 0, 0
    *ended, _ = data.split(b"\n")
    # Any byte is a character in this encoding, and those that matter to CSV are the same in all.
    records = csv.reader((f"{line.decode('latin-1')}\n" for line in ended), delimiter=file.delimiter)
    for _ in records:
        end, read = read, records.line_num
    # What csv gives last may go on behind the data: only the end of the one before is sure.
    if read == len(ended) and _closed(ended[end:]):
        end = read
    return sum(len(line) + 1 for line in ended[:end])


def _closed(lines: list[bytes]) -> bool:
    return sum(line.count(b'"') for line in lines) % 2 == 0


def parse(file: Format, data: bytes, first: int) -> Parsed:
    """A part that begins and ends between lines, or records; `first` is the number of its first line."""
    parsed = Parsed()
    for number, fields in _json(data, first) if file.kind == "ndjson" else _csv(file, data, first):
        item = fields if isinstance(fields, Bad) else _line(number, fields)
        if isinstance(item, Bad):
            parsed.bad.append(item)
        else:
            parsed.lines.append(item)
    return parsed


def too_long(number: int) -> Bad:
    return Bad(number, "text.too_long", f"A line, or a record, may have up to {LONGEST} bytes. Is a quote not closed?")


def _json(data: bytes, first: int) -> Iterator[tuple[int, dict[str, Any] | Bad]]:
    for number, line in enumerate(data.split(b"\n"), first):
        if not line.strip():
            continue
        if len(line) > LONGEST:
            yield number, too_long(number)
            continue
        try:
            value = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            yield number, _not_utf8(number)
        except (ValueError, RecursionError):
            yield number, Bad(number, "text.not_json", "This is no JSON.")
        else:
            yield number, value if isinstance(value, dict) else Bad(number, "text.not_json", "This is no JSON object.")


def _csv(file: Format, data: bytes, first: int) -> Iterator[tuple[int, dict[str, Any] | Bad]]:
    *ended, rest = data.decode("utf-8", "surrogateescape").split("\n")
    records = csv.reader((*(f"{line}\n" for line in ended), rest), delimiter=file.delimiter)
    number = first
    for record in records:
        if record:
            fields = {name: record[at] for name, at in zip(COLUMNS, file.places, strict=True) if at < len(record)}
            if sum(map(len, record)) > LONGEST:
                yield number, too_long(number)
            elif any("\udc80" <= char <= "\udcff" for text in fields.values() if not text.isascii() for char in text):
                yield number, _not_utf8(number)
            else:
                yield number, fields
        number = first + records.line_num


def _line(number: int, fields: dict[str, Any]) -> Line | Bad:
    for name in COLUMNS:
        if fields.get(name) in (None, ""):
            return Bad(number, "text.missing_field", f"There is no {name}.", _shown(fields.get("track_id")))
    track_id, text = fields["track_id"], fields["text"]
    if isinstance(track_id, int) and not isinstance(track_id, bool):
        track_id = str(track_id)
    if not isinstance(text, str) or not isinstance(track_id, str) or not _TRACK.match(track_id):
        return Bad(number, "text.invalid", "track_id is a name without slashes, text is a text.", _shown(track_id))
    return Line(number, track_id, text)


def _shown(track_id: Any) -> str | None:
    return str(track_id).replace("\0", " ")[:200] if isinstance(track_id, str | int) else None


def _not_utf8(number: int) -> Bad:
    return Bad(number, "text.not_utf8", "This is not UTF-8.")
