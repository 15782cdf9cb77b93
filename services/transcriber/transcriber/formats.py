"""From whatever encoding to 16-bit mono samples at 16 kHz (FFmpeg, through PyAV)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from transcriber.engines.base import SAMPLE_BYTES, SAMPLE_RATE
from transcriber.errors import UnreadableAudio
from warren.contracts.transcriber import AudioFormat, Encoding

CODECS = {
    Encoding.linear16: ("pcm_s16le", 2),
    Encoding.float32: ("pcm_f32le", 4),
    Encoding.mulaw: ("pcm_mulaw", 1),
}
"""FFmpeg's name and the bytes of a sample."""
LAYOUTS = {1: "mono", 2: "stereo"}
BLOCK_BYTES = SAMPLE_RATE * SAMPLE_BYTES
"""Samples of a file come a second at a time."""


class Readable(Protocol):
    """What FFmpeg reads from: nothing is the end."""

    def read(self, size: int) -> bytes: ...


class RawDecoder:
    """Samples without a header. Chunks may end within a sample."""

    def __init__(self, format: AudioFormat) -> None:  # noqa: A002  the contract's name
        codec, width = CODECS[format.encoding]
        self._step = width * format.channels
        self._rest = b""
        self._passes = (codec, format.sample_rate, format.channels) == ("pcm_s16le", SAMPLE_RATE, 1)
        self._resampler = new_resampler()
        context = av.CodecContext.create(codec, "r")
        assert isinstance(context, AudioCodecContext)  # noqa: S101  every codec above is of audio
        context.sample_rate = format.sample_rate
        context.layout = LAYOUTS[format.channels]
        self._context = context

    def feed(self, data: bytes) -> bytes:
        """The samples that `data` completes."""
        data = self._rest + data
        whole = len(data) - len(data) % self._step
        data, self._rest = data[:whole], data[whole:]
        if self._passes or not data:
            return data
        return b"".join(
            samples for frame in self._context.decode(av.Packet(data)) for samples in resampled(self._resampler, frame)
        )

    def flush(self) -> bytes:
        """What the resampler still holds; half a sample is dropped."""
        return b"" if self._passes else b"".join(resampled(self._resampler, None))


def decoded(source: Readable | Path) -> Iterator[bytes]:
    """The samples of the first audio stream in a container, until it ends.

    Packets that cannot be decoded are left out. Raises `UnreadableAudio` if it is no audio, or breaks off in a way that
    the rest makes no sense.
    """
    try:
        with av.open(source) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                raise UnreadableAudio("there is no sound in it")
            yield from _samples(container, stream)
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise UnreadableAudio(reason(error)) from error


def _samples(container: Any, stream: Any) -> Iterator[bytes]:
    resampler = new_resampler()
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            try:
                yield from resampled(resampler, frame)
            except ValueError:
                # The format changed on the way, as it does where recordings were joined.
                resampler = new_resampler()
                yield from resampled(resampler, frame)
    yield from resampled(resampler, None)


def duration(path: Path) -> float | None:
    """Seconds, as the container has it. Raises `UnreadableAudio`."""
    try:
        with av.open(path) as container:
            return container.duration / av.time_base if container.duration else None
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableAudio(reason(error)) from error


def new_resampler() -> AudioResampler:
    """To what engines hear."""
    return AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)


def resampled(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[bytes]:
    """What a frame completes; without one, what is left."""
    for made in resampler.resample(frame):
        yield bytes(made.planes[0])[: made.samples * SAMPLE_BYTES]


def reason(error: Exception) -> str:
    """Why FFmpeg gave up, in its words."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
