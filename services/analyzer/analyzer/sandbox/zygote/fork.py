"""The life of a fork: let go of everything, read the request, lock, work, answer, end."""

import os
import signal
import traceback
from typing import NoReturn

from analyzer.sandbox.wire import LENGTH, PrepareReply, Reply, Request, encode, frame
from analyzer.sandbox.zygote.execute import execute
from analyzer.sandbox.zygote.lock import Locks, die_with_parent, lock
from analyzer.sandbox.zygote.prepare import prepare

BROKEN = 70
"""Exit code of a fork that failed by a fault of the sandbox (EX_SOFTWARE of sysexits.h)."""

_HIGHEST_DESCRIPTOR = 1 << 16


def live(descriptors: list[int], locks: Locks) -> NoReturn:
    """Do what the request says that comes through the first descriptor; the others are its files. Never returns."""
    code = BROKEN
    try:
        line, *files = descriptors
        _detach(descriptors)
        request = _receive(line)
        try:
            # The upload alone stays readable: its readers open it more than once.
            lock(locks, request, readable=files[:1] if request.operation == "prepare" else ())
        except OSError as error:
            _send(line, frame(encode(Reply(outcome="unlocked", error=str(error)[:1000]))))
        else:
            _send(line, _work(request, files))
        code = 0
    finally:
        os._exit(code)  # without the exit handlers of the zygote


def _work(request: Request, files: list[int]) -> bytes:
    """The reply as it goes over the line."""
    if request.operation == "prepare":
        return frame(encode(_prepare(request, *files)))
    reply, pictures = execute(request, *files)
    try:
        payload = encode(reply)
    except ValueError as error:  # an integer of thousands of digits
        return frame(encode(Reply(outcome="error", error=f"the result cannot be sent: {error}")))
    size = sum(map(len, pictures))
    if len(payload) > request.result_bytes:
        return _too_large("the result", len(payload), request.result_bytes, "aggregate it, or take its head()")
    if size > request.picture_bytes:
        return _too_large("the pictures", size, request.picture_bytes, "draw fewer or smaller figures")
    return frame(payload) + b"".join(pictures)


def _prepare(request: Request, source: int, target: int) -> PrepareReply:
    try:
        return prepare(request, source, target)
    except Exception as error:  # noqa: BLE001  a fault of the reader: the worker logs it
        return PrepareReply(outcome="error", error="".join(traceback.format_exception(error))[-3000:])


def _too_large(what: str, size: int, limit: int, remedy: str) -> bytes:
    error = f"{what}: {size:,} bytes, at most {limit:,} are possible; {remedy}"
    return frame(encode(Reply(outcome="output", error=error)))


def _detach(keep: list[int]) -> None:
    """Leave the session, the signals and the open files of the zygote."""
    os.setsid()
    die_with_parent()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    lowest = 3
    for descriptor in sorted(keep):
        os.closerange(lowest, descriptor)
        lowest = descriptor + 1
    os.closerange(lowest, _HIGHEST_DESCRIPTOR)


def _receive(line: int) -> Request:
    (length,) = LENGTH.unpack(_read(line, LENGTH.size))
    return Request.model_validate_json(_read(line, length))


def _read(line: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = os.read(line, size - len(data))
        if not part:
            raise EOFError("the worker hung up")
        data += part
    return bytes(data)


def _send(line: int, data: bytes) -> None:
    view = memoryview(data)  # os.write, as the lock denies the calls of sockets
    while view:
        view = view[os.write(line, view) :]
