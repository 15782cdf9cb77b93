"""How far recognition is behind what a live stream's client has sent. Times are seconds of audio."""

import asyncio

from warren.contracts.transcriber import (
    AudioFormat,
    SpeechStarted,
    Synced,
    Transcript,
    Unreadable,
    UtteranceEnd,
)

AHEAD_SECONDS = 60.0
AHEAD_BYTES = 8 * 1024 * 1024
"""A client may be so far ahead of recognition; then it is read no further, and TCP makes it wait."""


class Progress:
    """Audio received minus audio recognised. Recognised is all that was received while the stream is caught up, else
    what the transcriber has told to be dealt with."""

    def __init__(self, format: AudioFormat) -> None:  # noqa: A002  the contract's name
        self._bytes_per_second = format.bytes_per_second
        self._bytes = 0
        self._told = 0.0
        self._recognised = 0.0
        self._caught_up = True
        self._over = False
        self._moved = asyncio.Event()

    @property
    def opaque(self) -> bool:
        """Whether only the transcriber can tell how much audio the bytes are."""
        return self._bytes_per_second is None

    @property
    def received(self) -> float:
        """Audio received; of a container, what is known of it."""
        if self._bytes_per_second is None:
            return self._told
        return self._bytes / self._bytes_per_second

    @property
    def lag(self) -> float:
        return 0.0 if self._caught_up else max(0.0, self.received - self._recognised)

    def sent(self, size: int) -> None:
        self._bytes += size

    def resumed(self, synced: Synced) -> None:
        """Another gateway has sent so much."""
        self._bytes = synced.offset
        self.told(synced)
        self._caught_up = synced.recognised >= synced.received

    def told(self, said: Transcript | SpeechStarted | UtteranceEnd | Synced | Unreadable) -> None:
        match said:
            case Transcript(final=True) | UtteranceEnd():
                self._advance(said.covers)
                self._caught_up = isinstance(said, UtteranceEnd) and said.caught_up
            case SpeechStarted():
                self._advance(said.at)
                self._caught_up = False
            case Synced():
                self._told = max(self._told, said.received)
                self._advance(said.recognised)
        self._moved.set()

    def over(self) -> None:
        """Nothing more is recognised: nobody need wait for it."""
        self._over = True
        self._moved.set()

    @property
    def far_ahead(self) -> bool:
        """Whether the client is to wait."""
        if self._over or self.lag == 0.0:
            return False
        rate = self._bytes_per_second or self._bytes / self.received
        return self.lag > AHEAD_SECONDS or self.lag * rate > AHEAD_BYTES

    async def room(self) -> None:
        """Return when the client may send again."""
        while self.far_ahead:
            self._moved.clear()
            await self._moved.wait()

    def _advance(self, position: float) -> None:
        self._told = max(self._told, position)
        self._recognised = max(self._recognised, position)
