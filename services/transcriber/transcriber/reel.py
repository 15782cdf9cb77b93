"""The bytes of a live container: chunks one after the other, read by FFmpeg as one recording after the other."""

from collections.abc import Callable

from transcriber.containers import MARKS
from transcriber.points import Point
from transcriber.wav import LONGEST_HEADER, looks_like_wav, wav_header

LOST_BYTES = 64 * 1024
"""So many bytes without a packet, where packets are expected: what FFmpeg believes to read is not what comes."""
LONGEST_HEADER_BYTES = 1 << 20
"""So many may come before the first packet: pictures of covers, for instance."""
BEGINNING = Point(0)


class Tape:
    """What came, and which chunk each byte was in. `more` waits for the next chunk, or None when there is none."""

    def __init__(self, more: Callable[[], tuple[int, bytes] | None], skip: int = 0) -> None:
        self._more = more
        self._skip = skip
        self._starts: list[tuple[int, int, int]] = []
        self._end = 0
        self._buffer = b""
        self.ended = False

    @property
    def at(self) -> int:
        """Which byte is read next."""
        return self._end - len(self._buffer)

    def read(self, size: int) -> bytes:
        """Some bytes; nothing is the end."""
        if not self._buffer:
            self._fetch()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def place(self, byte: int) -> tuple[int, int]:
        """Number of the chunk that `byte` is in, and where in it. Earlier ones are forgotten."""
        while len(self._starts) > 1 and self._starts[1][0] <= byte:
            self._starts.pop(0)
        start, seq, skipped = self._starts[0]
        return seq, skipped + byte - start

    def open(self) -> Point:
        """How to read what follows: nothing is known of it, unless it is a wav, which FFmpeg would look at too long."""
        while not self.ended and len(self._buffer) < LONGEST_HEADER and looks_like_wav(self._buffer):
            if (header := wav_header(self._buffer)) is not None:
                self._buffer = self._buffer[header.size :]
                return Point(0, format=header.format, options=header.options)
            self._fetch()
        return BEGINNING

    def _fetch(self) -> None:
        size = len(self._buffer)
        while len(self._buffer) == size and not self.ended:
            if (chunk := self._more()) is None:
                self.ended = True
                return
            seq, data = chunk
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            self._starts.append((self._end, seq, skipped))
            self._end += len(data) - skipped
            self._buffer += data[skipped:]


class Reel:
    """One recording on the tape. `lead` says how to read it if it begins in its middle; `patience` is how many bytes
    may come before its first packet."""

    def __init__(self, tape: Tape, lead: Point, patience: int = LONGEST_HEADER_BYTES) -> None:
        self._tape = tape
        self._ahead = lead.header
        self._first = tape.at - len(lead.header)
        """Where on the tape byte 0 is: before its beginning, if a header was put in front."""
        self._given = 0
        self._patience = LOST_BYTES if lead.format else patience
        self._head = bytearray()
        """All that was read, until the header is known; then what may hold half a mark."""
        self._head_from = 0
        self._mark: bytes | None = None
        self._before = 0
        self._marks: list[int] = []
        self._packet_at = len(lead.header)
        self._last_packet = -1
        self.begun = False
        """Whether anything was read of the tape."""
        self.lost = False
        """Whether it was ended because nothing came of it any more."""

    def read(self, size: int) -> bytes:
        """Called by FFmpeg: only when all it had before has been decoded."""
        if self._given - self._packet_at > self._patience:
            self.lost = True
            return b""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            data = self._tape.read(size)
            self.begun = self.begun or bool(data)
        self._given += len(data)
        self._head += data
        self._look_for_marks()
        return data

    def packet(self) -> None:
        """FFmpeg found something."""
        self._packet_at = self._given

    def header(self, format: str, first: int) -> bytes:  # noqa: A002  FFmpeg's word
        """What is before the first packet. From now on `begins` can answer."""
        self._patience = LOST_BYTES
        head = bytes(self._head)
        self._mark, self._before = MARKS.get(format, (b"", 0))
        self._look_for_marks()
        return head[: min([first, *self._marks])]

    def beginning(self) -> tuple[int, int]:
        """Chunk and place of the recording's first byte."""
        return self._tape.place(max(0, self._first))

    def begins(self, byte: int) -> tuple[int, int] | None:
        """Chunk and place from which to read to decode the packet at `byte` first. None if another packet would be the
        first, or a header is."""
        if byte == self._last_packet:
            return None
        self._last_packet = byte
        if self._mark:
            if not self._marks or self._marks[0] > byte:
                return None
            before = [mark for mark in self._marks if mark <= byte]
            byte, self._marks = before[-1], self._marks[len(before) :]
        at = self._first + byte
        return None if at < 0 else self._tape.place(at)

    def _look_for_marks(self) -> None:
        if self._mark is None:
            return
        kept = len(self._head)
        if self._mark:
            at = self._head.find(self._mark)
            while at >= 0:
                self._marks.append(self._head_from + at - self._before)
                at = self._head.find(self._mark, at + 1)
            kept -= len(self._mark) - 1
        if kept > 0:
            del self._head[:kept]
            self._head_from += kept
