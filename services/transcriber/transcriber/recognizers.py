"""A pool of recognition processes, shared fairly: each speaker in turn, however much one has to say."""

import asyncio
import contextlib
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import OrderedDict, deque
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import structlog

from transcriber import measures
from transcriber.engines.base import BYTES_PER_SECOND, Recognition, RecognizedWord
from transcriber.errors import EngineFailed, EngineUnavailable
from transcriber.recognition_process import LENGTH

log = structlog.get_logger(__name__)

RUNS = 3
"""How often an utterance is tried whose process dies; then it is what kills them."""
START_SECONDS = 120.0
LONGEST_SECONDS = 120.0
"""A process that takes longer for one utterance hangs."""
RESTART_SECONDS = 1.0
STOP_SECONDS = 2.0


@dataclass(eq=False)
class Request:
    """An utterance that waits for its words; `runs` counts the processes that died of it."""

    pcm: bytes
    language: str | None
    prompt: str | None
    answer: "asyncio.Future[Recognition]"
    runs: int = 0


class FairQueue:
    """Requests by speaker; `get` takes one of each speaker in turn."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Request]] = OrderedDict()
        self._some = asyncio.Condition()

    def __len__(self) -> int:
        return sum(len(requests) for requests in self._waiting.values())

    async def put(self, speaker: str, request: Request, *, first: bool = False) -> None:
        async with self._some:
            requests = self._waiting.setdefault(speaker, deque())
            if first:
                requests.appendleft(request)
                self._waiting.move_to_end(speaker, last=False)
            else:
                requests.append(request)
            self._some.notify()

    async def get(self) -> tuple[str, Request]:
        """The next request that somebody still waits for."""
        while True:
            async with self._some:
                await self._some.wait_for(lambda: self._waiting)
                speaker, requests = self._waiting.popitem(last=False)
                request = requests.popleft()
                if requests:
                    self._waiting[speaker] = requests
            if not request.answer.done():
                return speaker, request


class Recognizers:
    """`async with Recognizers("pocketsphinx", 2) as recognizers`; entering does not wait until the engine is loaded."""

    def __init__(self, engine: str, processes: int) -> None:
        self.engine = engine
        self.size = processes
        self._queue = FairQueue()
        self._busy = 0
        self._loaded = 0
        self._slots: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._slots = [asyncio.create_task(self._serve(), name=f"recognizer-{n}") for n in range(self.size)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for slot in self._slots:
            slot.cancel()
        await asyncio.gather(*self._slots, return_exceptions=True)

    @property
    def spare(self) -> bool:
        """Whether an interim result would hold nobody up: one process stays free, if there are several."""
        return not len(self._queue) and self._busy < max(1, min(self._loaded, self.size - 1))

    async def recognise(
        self, speaker: str, pcm: bytes, *, language: str | None = None, prompt: str | None = None
    ) -> Recognition:
        """Wait for this speaker's turn, and for the words in `pcm` (16-bit mono samples at 16 kHz).

        Raises `EngineUnavailable` or `EngineFailed`.
        """
        request = Request(pcm, language, prompt, asyncio.get_running_loop().create_future())
        await self._queue.put(speaker, request)
        try:
            return await request.answer
        finally:
            request.answer.cancel()

    async def _serve(self) -> None:
        """One process after the other, for as long as the worker lives."""
        while True:
            try:
                async with _process() as process:
                    await _load(process)
                    self._loaded += 1
                    try:
                        await self._work(process)
                    finally:
                        self._loaded -= 1
            except (OSError, EOFError, TimeoutError, EngineFailed) as error:
                log.error("recognition_process_ended", engine=self.engine, error=str(error) or type(error).__name__)
                measures.RESTARTS.inc()
            await asyncio.sleep(RESTART_SECONDS)

    async def _work(self, process: Process) -> None:
        while True:
            speaker, request = await self._queue.get()
            self._busy += 1
            started = time.monotonic()
            try:
                await _exchange(process, request)
            except (OSError, EOFError, TimeoutError) as error:
                request.runs += 1
                if request.runs < RUNS:
                    await self._queue.put(speaker, request, first=True)
                elif not request.answer.done():
                    request.answer.set_exception(EngineFailed(f"the engine died of it {RUNS} times"))
                raise EOFError(f"died while recognising: {error}") from error
            finally:
                self._busy -= 1
                measures.ENGINE_SECONDS.labels(self.engine).inc(time.monotonic() - started)
                measures.AUDIO_SECONDS.labels(self.engine).inc(len(request.pcm) / BYTES_PER_SECOND)


@contextlib.asynccontextmanager
async def _process() -> Any:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "transcriber.recognition_process", stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=STOP_SECONDS)


async def _load(process: Process) -> None:
    async with asyncio.timeout(START_SECONDS):
        reply = await _read(process)
    if "failed" in reply:
        raise EngineFailed(reply["failed"])


async def _exchange(process: Process, request: Request) -> None:
    assert process.stdin is not None  # noqa: S101  it was asked for
    head = json.dumps({"language": request.language, "prompt": request.prompt, "bytes": len(request.pcm)}).encode()
    async with asyncio.timeout(LONGEST_SECONDS):
        process.stdin.write(LENGTH.pack(len(head)) + head + request.pcm)
        await process.stdin.drain()
        reply = await _read(process)
    if request.answer.done():
        return
    if "recognition" in reply:
        request.answer.set_result(_recognition(reply["recognition"]))
    elif "unavailable" in reply:
        request.answer.set_exception(EngineUnavailable(reply["unavailable"]))
    else:
        request.answer.set_exception(EngineFailed(reply["failed"]))


async def _read(process: Process) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101  it was asked for
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    reply: dict[str, Any] = json.loads(await process.stdout.readexactly(length))
    return reply


def _recognition(reply: dict[str, Any]) -> Recognition:
    return Recognition(**{**reply, "words": tuple(RecognizedWord(**word) for word in reply["words"])})
