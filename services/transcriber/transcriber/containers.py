"""Recordings as they come: FFmpeg (PyAV) demultiplexes and decodes, and says where each piece was."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
from av.codec.context import Flags2

from transcriber.engines.base import SAMPLE_RATE
from transcriber.errors import UnreadableAudio
from transcriber.formats import Readable, new_resampler, reason, resampled
from transcriber.points import Point

LIVE = {"probesize": "8192", "analyzeduration": "100000"}
"""Live audio is to be heard before there are seconds of it to look at (bytes, microseconds)."""
MARKS = {"matroska": (b"\x1f\x43\xb6\x75", 0), "mov": (b"moof", 4)}
"""Formats whose packets make sense only behind the beginning of a cluster or fragment: its name there, and how many
bytes before the name it begins. In all others a decoder can begin at any packet."""
GAP_BYTES = 1024
"""So many bytes between two packets that belong to neither are no container's bookkeeping."""


@dataclass(frozen=True)
class Piece:
    """What a packet gave. `byte` counts from the recording's start, `sample` what was decoded before (at 16 kHz)."""

    byte: int
    sample: int
    pcm: bytes
    problem: str = ""
    """Why something here, or just before, is left out."""


class Recording:
    """One recording. If `lead` has a format, it begins in the middle, behind a header that was read before."""

    def __init__(self, source: Readable, lead: Point) -> None:
        self._source = source
        self._options = dict(lead.options)
        self._resumed = bool(lead.format)
        self.format = lead.format
        self.late = 0
        """So many samples at the beginning cannot be decoded, because they need what was before."""
        self._seconds = 0.0
        self._begun = False
        self._first_pts: int | None = None
        self._resampler = new_resampler()
        self._end_byte: int | None = None

    def pieces(self) -> Iterator[Piece]:
        """Until it ends. Raises `UnreadableAudio` if it is no audio, or breaks off so that the rest makes no sense."""
        try:
            options = {**LIVE, **self._options}
            with av.open(self._source, "r", format=self.format or None, options=options) as container:
                self.format = container.format.name.partition(",")[0]
                stream = next(iter(container.streams.audio), None)
                if stream is None:
                    raise UnreadableAudio("there is no sound in it")
                if self._resumed:
                    # What is left out at the beginning of a recording is not to be left out here.
                    stream.codec_context.flags2 |= Flags2.skip_manual
                for packet in container.demux():
                    yield from self._piece(packet, wanted=packet.stream is stream)
                yield Piece(-1, self._samples, b"".join(resampled(self._resampler, None)))
        except (av.error.FFmpegError, ValueError, OverflowError) as error:
            raise UnreadableAudio(reason(error)) from error

    @property
    def _samples(self) -> int:
        return round(self._seconds * SAMPLE_RATE)

    def _piece(self, packet: Any, *, wanted: bool) -> Iterator[Piece]:
        byte = -1 if packet.pos is None else packet.pos
        problem = self._gap(byte, packet.size)
        sample, pcm = self._samples, b""
        if wanted:
            try:
                pcm = self._pcm(packet)
            except av.error.FFmpegError as error:
                problem = problem or reason(error)
        yield Piece(byte, max(sample, self.late), pcm, problem)

    def _gap(self, byte: int, size: int) -> str:
        """Bytes that were skipped. An Ogg packet has the position of its page, so sizes are added up."""
        if byte < 0 or self.format == "mov":
            return ""
        gap = 0 if self._end_byte is None else byte - self._end_byte
        self._end_byte = max(byte, self._end_byte or 0) + size
        return f"{gap} bytes make no sense" if gap > GAP_BYTES else ""

    def _pcm(self, packet: Any) -> bytes:
        made = b""
        if self._first_pts is None:
            self._first_pts = packet.pts
        for frame in packet.decode():
            if not self._begun:
                self._begun = True
                self._delayed(frame)
            self._seconds += frame.samples / frame.sample_rate
            try:
                made += b"".join(resampled(self._resampler, frame))
            except ValueError:
                # The format changed on the way, as it does where recordings were joined.
                self._resampler = new_resampler()
                made += b"".join(resampled(self._resampler, frame))
        return made

    def _delayed(self, frame: Any) -> None:
        if self._resumed and frame.pts is not None and self._first_pts is not None:
            self._seconds = max(0.0, float((frame.pts - self._first_pts) * frame.time_base))
            self.late = self._samples
