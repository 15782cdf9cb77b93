"""From samples to utterances: what voice activity detection hears, smoothed, with some audio before and after."""

from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import webrtcvad

from transcriber.engines.base import SAMPLE_BYTES, SAMPLE_RATE

FRAME_SAMPLES = SAMPLE_RATE // 50
"""20 ms, one of the lengths that the detector takes."""
FRAME_BYTES = FRAME_SAMPLES * SAMPLE_BYTES
PRE_ROLL_FRAMES = 15
"""Speech begins softly: so much is kept from before it was noticed."""
WINDOW_FRAMES = 10
VOICED_FRAMES = 6
"""So many of the window's frames make it speech; the detector's single errors do not."""
TAIL_FRAMES = 10
"""Of the silence that ends an utterance, so much belongs to it."""
CUT_FRAMES = 100
"""An utterance that gets too long is cut at the quietest of its last frames."""
AGGRESSIVENESS = 3
"""The detector's strictest: noise costs recognition, and the smoothing forgives it a missed frame."""


@dataclass(frozen=True)
class Utterance:
    """Speech. Positions count samples from the start of the stream; all before `covers` is dealt with once it is."""

    start: int
    covers: int
    pcm: bytes


class Segmenter:
    """Feed it samples as they come. One per stream; `position` is where its audio begins."""

    def __init__(self, silence_seconds: float, longest_seconds: float, position: int = 0) -> None:
        self._vad = webrtcvad.Vad(AGGRESSIVENESS)
        self._silence_frames = max(TAIL_FRAMES, round(silence_seconds * 50))
        self._longest_frames = round(longest_seconds * 50)
        self._rest = bytearray()
        self._frames: deque[bytes] = deque()
        """Of the open utterance, or the pre-roll of the next."""
        self._first = position
        """Where `_frames` begins."""
        self._window: deque[bool] = deque(maxlen=WINDOW_FRAMES)
        self._unvoiced = 0
        self.speaking = False

    @property
    def position(self) -> int:
        """Everything before it is silence, or was handed out."""
        return self._first

    @property
    def heard(self) -> int:
        """Where the audio ends that was fed."""
        return self._first + len(self._frames) * FRAME_SAMPLES + len(self._rest) // SAMPLE_BYTES

    @property
    def open_pcm(self) -> bytes:
        """The utterance so far, if somebody speaks."""
        return b"".join(self._frames) if self.speaking else b""

    def feed(self, pcm: bytes) -> Iterator[Utterance]:
        """Take samples; yields utterances that are over. Look at `speaking` for one that begins."""
        self._rest += pcm
        whole = len(self._rest) // FRAME_BYTES * FRAME_BYTES
        frames, self._rest = bytes(self._rest[:whole]), self._rest[whole:]
        for at in range(0, whole, FRAME_BYTES):
            if (utterance := self._take(frames[at : at + FRAME_BYTES])) is not None:
                yield utterance

    def flush(self) -> Utterance | None:
        """End the utterance that is open, if one is: the speaker, or the stream, is done."""
        if self._rest:
            # The detector takes whole frames only.
            self._frames.append(bytes(self._rest).ljust(FRAME_BYTES, b"\0"))
            self._rest.clear()
        if self.speaking:
            return self._close(len(self._frames))
        if sum(self._window) >= VOICED_FRAMES // 2:
            return self._close(len(self._frames))
        self._drop(len(self._frames))
        return None

    def _take(self, frame: bytes) -> Utterance | None:
        voiced = self._vad.is_speech(frame, SAMPLE_RATE)
        self._frames.append(frame)
        self._window.append(voiced)
        if not self.speaking:
            self.speaking = sum(self._window) >= VOICED_FRAMES
            if not self.speaking:
                self._drop(len(self._frames) - PRE_ROLL_FRAMES)
            self._unvoiced = 0
            return None
        self._unvoiced = 0 if sum(self._window) >= VOICED_FRAMES // 2 else self._unvoiced + 1
        if self._unvoiced + WINDOW_FRAMES // 2 >= self._silence_frames:
            return self._close(len(self._frames) - self._silence_frames + TAIL_FRAMES)
        if len(self._frames) >= self._longest_frames:
            return self._close(self._quietest(), goes_on=True)
        return None

    def _close(self, frames: int, *, goes_on: bool = False) -> Utterance:
        start = self._first
        pcm = b"".join(self._frames.popleft() for _ in range(min(frames, len(self._frames))))
        self._first += len(pcm) // SAMPLE_BYTES
        utterance = Utterance(start, self._first, pcm)
        self.speaking = goes_on
        self._unvoiced = 0
        if not goes_on:
            self._window.clear()
        return utterance

    def _drop(self, frames: int) -> None:
        for _ in range(frames):
            self._frames.popleft()
            self._first += FRAME_SAMPLES

    def _quietest(self) -> int:
        """How many frames to take so that the cut lies in the quietest of the last."""
        last = range(max(1, len(self._frames) - CUT_FRAMES), len(self._frames))
        return min(last, key=lambda n: _loudness(self._frames[n])) + 1


def _loudness(frame: bytes) -> int:
    return sum(map(abs, array("h", frame)))
