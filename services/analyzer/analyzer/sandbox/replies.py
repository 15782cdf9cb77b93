"""Turns what a fork sent into what callers get. The fork ran foreign code or read foreign bytes: it may lie."""

import signal
import struct
from collections.abc import Iterator
from typing import TypeVar

import structlog
from pydantic import ValidationError
from pydantic_core import from_json

from analyzer.frames import FrameProfile, ReadReport, RunPlot, RunResult
from analyzer.sandbox.channel import Answer
from analyzer.sandbox.errors import SandboxUnavailable
from analyzer.sandbox.wire import Kind, Picture, PrepareReply, Record, Reply, Request, RunReply, has_nul
from warren.errors import JobError

log = structlog.get_logger(__name__)

R = TypeVar("R", bound=Reply)

_CANNOT_BE_READ = "The file cannot be read as a table."

_PNG_START = struct.Struct(">8s4x4sII")
"""Signature, then type, width and height of the first chunk."""
_MAX_PIXELS = 20_000_000


def run_result(answer: Answer, end: Record, request: Request) -> RunResult:
    """What the run gave, or how it failed. Raises SandboxUnavailable when it could not be locked."""
    if end.kind is Kind.timed_out:
        return RunResult(outcome="timeout", error="the code took too long and was stopped")
    if answer.too_large:
        return RunResult(outcome="output", error="the code sent more than a result may hold; aggregate it")
    reply = _parse(RunReply, answer.reply)
    if reply is None:
        return _without_reply(end, request)
    if reply.outcome == "unlocked":
        raise SandboxUnavailable(f"a run could not be locked: {reply.error}")
    if reply.outcome == "unreadable":  # only reading a file can end so
        return _died("the run sent a malformed result")
    try:
        plots = tuple(_plots(reply.pictures, answer.pictures))
    except ValueError as error:
        return _died(str(error))
    return RunResult(
        outcome=reply.outcome,
        error=reply.error,
        line=reply.line,
        answer=reply.answer,
        value=reply.value,
        tables=reply.tables,
        plots=plots,
        stdout=reply.stdout,
    )


def read_frame(answer: Answer, end: Record, request: Request) -> tuple[ReadReport, FrameProfile]:
    """What is known of a file that was read. Raises JobError when it was not, SandboxUnavailable without a lock."""
    if end.kind is Kind.timed_out or _cpu_is_spent(end, request):
        raise JobError("file.too_slow", "Reading the file took too long. Send a smaller file.")
    reply = _parse(PrepareReply, answer.reply)
    if reply is None:
        raise JobError("file.unreadable", f"The file broke the program that reads it ({_end_in_words(end)}).")
    if reply.outcome == "unlocked":
        raise SandboxUnavailable(f"a run could not be locked: {reply.error}")
    if reply.outcome in ("memory", "output"):
        raise JobError("file.too_large", "Reading the file needs too much memory. Send a smaller file.")
    if reply.outcome == "unreadable":
        raise JobError(reply.code or "file.unreadable", reply.error or _CANNOT_BE_READ)
    if reply.report is None or reply.profile is None:
        log.error("reading_failed", error=reply.error)
        raise JobError("file.unreadable", _CANNOT_BE_READ)
    return reply.report, reply.profile


def _parse(model: type[R], payload: bytes | None) -> R | None:
    """The reply, if it is one in every respect."""
    if payload is None or has_nul(payload):
        return None
    try:
        return model.model_validate(from_json(payload, allow_inf_nan=False))
    except (ValueError, ValidationError):
        return None


def _plots(pictures: tuple[Picture, ...], data: bytes) -> Iterator[RunPlot]:
    if sum(picture.size for picture in pictures) != len(data):
        raise ValueError("the run sent other pictures than it announced")
    start = 0
    for picture in pictures:
        png = data[start : start + picture.size]
        start += picture.size
        _check_png(png)
        yield RunPlot(title=picture.title, png=png, data=picture.data)


def _check_png(png: bytes) -> None:
    """A picture that browsers can show. A few bytes may unpack to gigabytes: what counts is the size it states."""
    if len(png) < _PNG_START.size:
        raise ValueError("the run sent something else than a PNG")
    signature, chunk, width, height = _PNG_START.unpack_from(png)
    if signature != b"\x89PNG\r\n\x1a\n" or chunk != b"IHDR" or not 0 < width * height <= _MAX_PIXELS:
        raise ValueError("the run sent something else than a PNG of a fitting size")


def _without_reply(end: Record, request: Request) -> RunResult:
    if _cpu_is_spent(end, request):
        return RunResult(outcome="timeout", error="the code used too much processor time and was stopped")
    return _died(f"the run ended without a result ({_end_in_words(end)})")


def _died(error: str) -> RunResult:
    return RunResult(outcome="died", error=error)


def _cpu_is_spent(end: Record, request: Request) -> bool:
    if end.code == -signal.SIGXCPU:
        return True
    return end.code == -signal.SIGKILL and end.milliseconds >= request.cpu_seconds * 1000


def _end_in_words(end: Record) -> str:
    if end.code >= 0:
        return f"exit code {end.code}"
    try:
        return signal.Signals(-end.code).name
    except ValueError:
        return f"signal {-end.code}"
