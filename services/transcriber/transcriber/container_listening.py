"""The decoder of a live container: FFmpeg pulls, so it has a thread, which mostly waits for the next chunk."""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import replace

from transcriber.containers import Piece, Recording
from transcriber.engines.base import SAMPLE_BYTES, SAMPLE_RATE
from transcriber.errors import UnreadableAudio
from transcriber.listening import Listener
from transcriber.points import Point
from transcriber.reel import BEGINNING, LONGEST_HEADER_BYTES, LOST_BYTES, Reel, Tape

STOP_SECONDS = 60.0
POINT_SAMPLES = SAMPLE_RATE // 10
"""Points are told no closer than this."""
PATIENCE_CHUNKS = 512
"""After so many chunks without a point the next chunk has to do: RabbitMQ leaves only so many unacknowledged."""


class ContainerListening:
    """When one recording ends or breaks, what follows is read as its continuation, or as a new one.

    `start` lets it begin where an earlier decoder was; samples before `covered` are then not heard.
    """

    def __init__(self, listener: Listener, start: Point | None = None, covered: int = 0) -> None:
        start = start or BEGINNING
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._chunks: queue.SimpleQueue[tuple[int, bytes] | Callable[[], None] | None] = queue.SimpleQueue()
        self._finished: asyncio.Future[None] = self._loop.create_future()
        self._tape = Tape(self._more, start.skip)
        self._lead = start
        """How to read what comes next."""
        self._position = start.position
        """Of the next sample."""
        self._covered = covered
        self._seq = 0
        self._point_at = start.position - POINT_SAMPLES
        self._patience = PATIENCE_CHUNKS
        self._reel = Reel(self._tape, start)
        self._sound = False
        """Whether there was any in this recording."""
        self._troubled = False
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

    # In the thread --------------------------------------------------------------------------------------------------

    def _more(self) -> tuple[int, bytes] | None:
        """The next chunk; all before has been decoded."""
        while True:
            chunk = self._chunks.get()
            if callable(chunk):
                self._tell(chunk)
                continue
            if chunk is not None:
                self._seq = chunk[0]
                self._patience -= 1
                if self._patience < 0 and self._sound:
                    self._tell_point((self._seq, 0), self._position, self._lead)
            return chunk

    def _run(self) -> None:
        problem = ""
        while not self._tape.ended:
            if self._lead is BEGINNING:
                self._lead = self._tape.open()
            self._reel = Reel(self._tape, self._lead, LOST_BYTES if problem else LONGEST_HEADER_BYTES)
            self._sound = False
            try:
                self._play(Recording(self._reel, self._lead))
                problem = "nothing of what comes makes sense" if self._reel.lost else ""
            except UnreadableAudio as error:
                problem = error.message
            if problem and self._reel.begun:
                self._tell(self._listener.unreadable, problem, self._seq)
            if not (problem and self._sound):
                self._lead = BEGINNING
        self._tell(self._finish)

    def _play(self, recording: Recording) -> None:
        begins = self._position
        lead = self._lead
        known = False
        for piece in recording.pieces():
            self._reel.packet()
            if piece.problem and not self._troubled:
                self._tell(self._listener.unreadable, piece.problem, self._seq)
            self._troubled = bool(piece.problem)
            if not known and piece.byte >= 0:
                known = True
                self._know(recording, piece)
            if piece.pcm and not self._sound:
                self._sound = True
                self._position += recording.late
                if not lead.header:
                    # At its beginning a decoder leaves something out, so it is only right from byte 0.
                    self._tell_point(self._reel.beginning(), begins, lead)
            elif self._sound and piece.byte >= 0:
                self._point(piece.byte, begins + piece.sample)
            self._hear(piece.pcm)

    def _know(self, recording: Recording, piece: Piece) -> None:
        """The first packet: now it is known how to begin in the middle."""
        header = self._reel.header(recording.format, piece.byte)
        if not self._lead.format:
            header = header if len(header) <= LONGEST_HEADER_BYTES else b""
            self._lead = Point(0, format=recording.format, header=header)

    def _point(self, byte: int, position: int) -> None:
        place = self._reel.begins(byte)
        if place is not None and position - self._point_at >= POINT_SAMPLES:
            self._tell_point(place, position, self._lead)

    def _tell_point(self, place: tuple[int, int], position: int, lead: Point) -> None:
        self._point_at = position
        self._patience = PATIENCE_CHUNKS
        self._tell(self._listener.point, replace(lead, seq=place[0], skip=place[1], position=position))

    def _hear(self, samples: bytes) -> None:
        known = max(0, self._covered - self._position) * SAMPLE_BYTES
        self._position += len(samples) // SAMPLE_BYTES
        if samples[known:]:
            self._tell(self._listener.heard, samples[known:])

    def _finish(self) -> None:
        if not self._finished.done():
            self._finished.set_result(None)

    def _tell(self, what: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *arguments)
