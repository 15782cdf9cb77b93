"""What the worker, the zygote and a run say to each other.

The worker and the zygote exchange records of a fixed size over one Unix socket; a `RUN` record carries the run's own
socket and its files as descriptors. Over its own socket a run reads one request and answers with one reply. A run may
be hostile: the worker believes nothing in a reply that it has not checked, and the zygote reads nothing from a run.
"""

import enum
import json
import math
import re
import struct
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analyzer.frames import FrameProfile, ReadReport
from analyzer.sandbox.limits import Layer
from warren.contracts.analyzer import Cell, Table

MAX_STDOUT = 64 * 1024
"""Characters of a run's output that are kept."""

LENGTH = struct.Struct("!I")
"""Precedes a request, and the JSON of a reply."""

_RECORD = struct.Struct("!BIiI")
RECORD_SIZE = _RECORD.size
# PostgreSQL cannot store NUL in text; jsonb refuses the whole document.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class Kind(enum.IntEnum):
    """What a record says."""

    ready = 1
    """From the zygote: warm, waiting for work."""
    run = 2
    """To the zygote: fork, and kill the fork after `milliseconds`."""
    kill = 3
    """To the zygote: kill this run, if it still lives."""
    ended = 4
    """From the zygote: the fork is gone; its exit `code` (negative: the signal) and processor `milliseconds`."""
    timed_out = 5
    """Like `ended`, for a fork that the watchdog killed."""


class Record(NamedTuple):
    """One message between worker and zygote, of `RECORD_SIZE` bytes. `run` is 0 where it means nothing."""

    kind: Kind
    run: int = 0
    code: int = 0
    milliseconds: int = 0

    def pack(self) -> bytes:
        return _RECORD.pack(*self)

    @classmethod
    def unpack(cls, data: bytes | bytearray) -> Self:
        kind, *rest = _RECORD.unpack(data)
        return cls(Kind(kind), *rest)


class Request(BaseModel):
    """What a fork has to do, and how it has to lock itself first. Its files come as descriptors."""

    model_config = ConfigDict(frozen=True)

    operation: Literal["run", "prepare"]
    layers: frozenset[Layer]
    cpu_seconds: int
    address_space: int
    file_bytes: int = 0
    result_bytes: int
    picture_bytes: int = 0
    pictures: int = 0
    code: str = ""
    name: str = ""
    sheet: str | None = None
    source: str = ""
    """Path of the upload, for systems on which a descriptor cannot be opened again by its path below /proc."""


class Reply(BaseModel):
    """What both kinds of reply share. `unlocked`: a layer could not be put on, so nothing was run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Literal["ok", "refused", "error", "memory", "output", "unreadable", "died", "unlocked"]
    error: str | None = Field(None, max_length=4000)


class WireTable(Table):
    """A table whose shape was checked, as it comes from code that may lie."""

    @model_validator(mode="after")
    def _is_regular(self) -> Self:
        width = len(self.columns)
        for row in self.rows:
            if len(row) != width:
                raise ValueError(f"a row of {len(row)} cells in a table of {width} columns")
            if not all(math.isfinite(cell) for cell in row if isinstance(cell, float)):
                raise ValueError("a number that JSON cannot hold")
        if self.total_rows < len(self.rows):
            raise ValueError("fewer rows in total than given")
        return self


class Picture(BaseModel):
    """A PNG of `size` bytes that follows the reply's JSON, in the order of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(max_length=500)
    size: int = Field(gt=0)
    data: WireTable | None = None


class RunReply(Reply):
    """What a run gave; `line` is the line of the code that `error` is about."""

    line: int | None = None
    answer: str | None = None
    value: Cell = None
    tables: tuple[WireTable, ...] = ()
    pictures: tuple[Picture, ...] = ()
    stdout: str = Field("", max_length=MAX_STDOUT)

    @model_validator(mode="after")
    def _is_finite(self) -> Self:
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise ValueError("a number that JSON cannot hold")
        return self


class PrepareReply(Reply):
    """What reading a file gave; `code` is the stable code of an `unreadable` file."""

    code: str = Field("", pattern=r"^[a-z_.]{0,80}$")
    report: ReadReport | None = None
    profile: FrameProfile | None = None


def frame(payload: bytes) -> bytes:
    """The payload with its length before it."""
    return LENGTH.pack(len(payload)) + payload


def encode(reply: Reply) -> bytes:
    """The reply as JSON that every reader accepts: no lone surrogates, no NUL characters, no NaN."""
    text = json.dumps(reply.model_dump(), ensure_ascii=False, allow_nan=False)
    return _NUL.sub(rb"\1", text.encode("utf-8", "replace"))


def has_nul(payload: bytes | bytearray) -> bool:
    """Whether a string in this JSON holds a NUL, which `encode` never writes."""
    return _NUL.search(payload) is not None
