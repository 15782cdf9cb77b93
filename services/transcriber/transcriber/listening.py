"""Decoders of a live stream: chunks in, samples out, and the word for when a chunk has been read to its end."""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from transcriber.errors import UnreadableAudio
from transcriber.formats import RawDecoder, decoded
from warren.contracts.transcriber import AudioFormat, Encoding

LONGEST_HEADER_BYTES = 1 << 20
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Listener:
    """Who a decoder tells; always called on the loop."""

    heard: Callable[[bytes], None]
    """Samples."""
    consumed: Callable[[int], None]
    """All that chunk `seq` and those before could give has been heard."""
    unreadable: Callable[[str, int], None]
    """Something up to chunk `seq` makes no sense, and why."""


class Decoder(Protocol):
    """`feed` chunks, then `finish`; `stop` in any case."""

    def feed(self, seq: int, data: bytes) -> None: ...

    def after(self, call: Callable[[], None]) -> None:
        """Call once all that was fed before has been heard."""

    async def finish(self) -> None: ...

    def stop(self) -> None: ...

    @property
    def header(self) -> bytes:
        """What another decoder needs to go on in the middle of the stream."""


class RawListening:
    """Raw samples: decoded at once."""

    header = b""

    def __init__(self, format: AudioFormat, listener: Listener) -> None:  # noqa: A002
        self._decoder = RawDecoder(format)
        self._listener = listener

    def feed(self, seq: int, data: bytes) -> None:
        self._listener.heard(self._decoder.feed(data))
        self._listener.consumed(seq)

    def after(self, call: Callable[[], None]) -> None:
        call()

    async def finish(self) -> None:
        self._listener.heard(self._decoder.flush())

    def stop(self) -> None:
        """Nothing runs."""


class ContainerListening:
    """A container: FFmpeg pulls, so it has a thread, which mostly waits for the next chunk.

    When one recording ends or breaks, what follows is read as a new one. `header` of an earlier decoder lets this one
    begin in the middle.
    """

    def __init__(self, listener: Listener, header: bytes = b"") -> None:
        self.header = header
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._chunks: queue.SimpleQueue[tuple[int, bytes] | Callable[[], None] | None] = queue.SimpleQueue()
        self._buffer = header
        self._muted = bool(header)
        self._seq = 0
        self._ended = False
        self._begun = False
        """Whether something was read since the last recording ended."""
        self._heard_any = bool(header)
        self._read: list[bytes] = []
        self._finished: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="container", daemon=True)
        self._thread.start()

    def feed(self, seq: int, data: bytes) -> None:
        self._chunks.put((seq, data))

    def after(self, call: Callable[[], None]) -> None:
        self._chunks.put(call)

    async def finish(self) -> None:
        self._chunks.put(None)
        async with asyncio.timeout(STOP_SECONDS):
            await self._finished

    def stop(self) -> None:
        self._chunks.put(None)

    def read(self, size: int) -> bytes:
        """Called by FFmpeg, in the thread: only when all it had before has been decoded."""
        while not self._buffer and not self._ended:
            self._muted = False
            if self._seq:
                self._tell(self._listener.consumed, self._seq)
            chunk = self._chunks.get()
            if chunk is None:
                self._ended = True
            elif callable(chunk):
                self._tell(chunk)
            else:
                self._seq, self._buffer = chunk
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        self._begun = self._begun or bool(data)
        if not self._heard_any:
            self._read.append(data)
        return data

    def _run(self) -> None:
        while not self._ended:
            self._begun = False
            try:
                for samples in decoded(self, live=True):
                    self._hear(samples)
            except UnreadableAudio as error:
                if self._begun:
                    self._tell(self._listener.unreadable, error.message, self._seq)
        if self._seq:
            self._tell(self._listener.consumed, self._seq)
        self._tell(self._finish)

    def _hear(self, samples: bytes) -> None:
        if not self._heard_any:
            self._heard_any = True
            header = b"".join(self._read)
            self.header = header if len(header) <= LONGEST_HEADER_BYTES else b""
            self._read.clear()
        if not self._muted:
            self._tell(self._listener.heard, samples)

    def _finish(self) -> None:
        if not self._finished.done():
            self._finished.set_result(None)

    def _tell(self, what: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *arguments)


def listening(format: AudioFormat, listener: Listener, header: bytes) -> Decoder:  # noqa: A002
    """The decoder for a stream of this format."""
    if format.encoding is Encoding.container:
        return ContainerListening(listener, header)
    return RawListening(format, listener)
