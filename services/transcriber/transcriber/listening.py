"""Decoders of a live stream: chunks in, samples out."""

from collections.abc import Callable
from dataclasses import dataclass

from transcriber.engines.base import SAMPLE_BYTES, SAMPLE_RATE
from transcriber.formats import RawDecoder
from transcriber.points import Point
from warren.contracts.transcriber import AudioFormat


@dataclass(frozen=True)
class Listener:
    """Who a decoder tells; always called on the loop."""

    heard: Callable[[bytes], None]
    """Samples."""
    point: Callable[[Point], None]
    """Another decoder could begin here; told before the samples that are behind it."""
    unreadable: Callable[[str, int], None]
    """Something up to chunk `seq` makes no sense, and why."""


class RawListening:
    """Raw samples: decoded at once."""

    def __init__(self, format: AudioFormat, listener: Listener) -> None:  # noqa: A002
        self._format = format
        self._decoder = RawDecoder(format)
        self._listener = listener
        self._position = 0
        self._skip = 0

    def begin(self, offset: int) -> int:
        """The next chunk begins at this byte of the stream, maybe within a sample; returns the next sample's number."""
        rate = self._format.bytes_per_second or 1
        self._skip = -offset % (rate // self._format.sample_rate)
        self._position = (offset + self._skip) * SAMPLE_RATE // rate
        return self._position

    def feed(self, seq: int, data: bytes) -> None:
        self._listener.point(Point(seq, position=self._position))
        pcm = self._decoder.feed(data[self._skip :])
        self._skip = max(0, self._skip - len(data))
        self._position += len(pcm) // SAMPLE_BYTES
        self._listener.heard(pcm)

    def after(self, call: Callable[[], None]) -> None:
        call()

    async def finish(self) -> None:
        self._listener.heard(self._decoder.flush())

    def stop(self) -> None:
        """Nothing runs."""
