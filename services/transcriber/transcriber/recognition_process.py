"""A recognition process: `python -m transcriber.recognition_process`. Utterances come on stdin, words go to stdout.

Both ways a message is a length (4 bytes, big-endian) and JSON; behind a request's JSON come its `bytes` of samples.
The first message out is `{}` once the engine is loaded, or `{"failed": …}`. The settings are the worker's environment.
"""

import ctypes
import dataclasses
import json
import os
import signal
import struct
import sys
from typing import Any, BinaryIO

from transcriber.engines import Engine, load
from transcriber.errors import EngineUnavailable
from transcriber.settings import TranscriberSettings

LENGTH = struct.Struct(">I")
_PR_SET_PDEATHSIG = 1


def main() -> None:
    settings = TranscriberSettings()
    os.nice(settings.engine_nice)
    _die_with_parent()
    # Ctrl-C reaches the whole group; the worker decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what an engine prints must not come between the replies
    try:
        engine = load(settings)
    except Exception as error:  # noqa: BLE001  whatever keeps an engine from loading, the worker must learn why
        _write(replies, {"failed": f"{type(error).__name__}: {error}"})
        return
    _write(replies, {})
    while (request := _read(requests)) is not None:
        _write(replies, _answer(engine, *request))


def _answer(engine: Engine, request: dict[str, Any], pcm: bytes) -> dict[str, Any]:
    try:
        return {"recognition": dataclasses.asdict(engine.recognise(pcm, request["language"], request["prompt"]))}
    except EngineUnavailable as error:
        return {"unavailable": str(error)}
    except Exception as error:  # noqa: BLE001  one utterance that it cannot take must not end the engine
        return {"failed": f"{type(error).__name__}: {error}"}


def _read(file: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    head = file.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    request = json.loads(file.read(LENGTH.unpack(head)[0]))
    return request, file.read(request["bytes"])


def _write(file: BinaryIO, reply: dict[str, Any]) -> None:
    body = json.dumps(reply).encode()
    file.write(LENGTH.pack(len(body)) + body)
    file.flush()


def _die_with_parent() -> None:
    """Where the kernel can: a worker that is killed must not leave recognition running."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
