"""Somebody who speaks to a live stream as clients should: cut off, they come back with their token, and say again what
was not acknowledged."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from transcriber.engines.pocketsphinx import PocketsphinxEngine
from transcriber.formats import decoded
from transcriber.settings import TranscriberSettings
from transcriber.utterances import Segmenter
from warren.testing.processes import until

DATA = Path(__file__).parents[2] / "services" / "transcriber" / "tests" / "data"
BYTES_PER_SECOND = 32_000
CHUNK = 3200
PAUSE = bytes(BYTES_PER_SECOND)
RECONNECT_SECONDS = 0.1
RESUMABLE = {1000, 1001, 1006, 1013}
"""After other close codes it is of no use to come back."""
HANG_SECONDS = 60.0

Message = dict[str, Any]


class Speaker:
    """What one client says and hears. `messages` is all it was told, `closed` how each of its connections ended."""

    def __init__(self, url: Callable[[], str]) -> None:
        self.messages: list[Message] = []
        self.closed: list[int] = []
        self.said = b""
        self._url = url
        self._socket: ClientConnection | None = None
        self._token = ""
        self._ended = False
        self._more = asyncio.Event()

    def say(self, audio: bytes) -> None:
        """Send this too; returns at once."""
        self.said += audio
        self._more.set()

    def end(self) -> None:
        """Nothing more is said."""
        self._ended = True
        self._more.set()

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None, "not connected"
        return self._socket

    def told(self, kind: str) -> list[Message]:
        return [message for message in self.messages if message["type"] == kind]

    @property
    def finals(self) -> list[Message]:
        return [message for message in self.told("transcript") if message["final"]]

    async def heard(self, kind: str, count: int = 1) -> None:
        """Return when so many messages of this type have come."""
        await until(lambda: len(self.told(kind)) >= count, HANG_SECONDS, f"{count} {kind}")

    async def acknowledged(self) -> None:
        """Return when all that was said is."""
        await until(lambda: len(self.told("ack")) * CHUNK >= len(self.said), HANG_SECONDS, "all chunks' ack")

    async def run(self) -> None:
        """Return when the stream has ended. Raises `AssertionError` when it cannot go on."""
        while not self.told("done"):
            with suppress(OSError, WebSocketException):
                async with connect(self._address(), proxy=None, open_timeout=5, compression=None) as self._socket:
                    await self._converse(self._socket)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _address(self) -> str:
        query: dict[str, Any] = {"interim": "false"}
        if self._token:
            query = {"resume": self._token, "after_seq": len(self.told("ack")), "after_transcript": len(self.finals)}
        return f"{self._url().replace('http', 'ws', 1)}/v1/audio/stream?{urlencode(query)}"

    async def _converse(self, socket: ClientConnection) -> None:
        sending: asyncio.Task[None] | None = None
        try:
            async for text in socket:
                self.messages.append(message := json.loads(text))
                if message["type"] == "ready":
                    self._token = message["resume_token"]
                    sending = asyncio.create_task(self._send(socket, len(self.told("ack"))))
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            self.closed.append(socket.close_code or 1006)
        assert self.closed[-1] in RESUMABLE, (self.closed, self.messages[-1])

    async def _send(self, socket: ClientConnection, chunks: int) -> None:
        with suppress(ConnectionClosed):
            while True:
                self._more.clear()
                for start in range(chunks * CHUNK, len(self.said), CHUNK):
                    await socket.send(self.said[start : start + CHUNK])
                    chunks += 1
                if self._ended:
                    await socket.send('{"type": "end"}')
                    return
                await self._more.wait()

    def check(self, words: Sequence[str]) -> None:
        """Every chunk was acknowledged once and in order, and these words were told, once and in order."""
        acks = [message["seq"] for message in self.told("ack")]
        assert acks == list(range(1, len(self.said) // CHUNK + 1))
        assert [final["seq"] for final in self.finals] == list(range(1, len(self.finals) + 1))
        heard = [word for final in self.finals for word in final["words"]]
        for earlier, later in pairwise(heard):
            assert later["start"] >= earlier["end"] - 0.05, f"{later} after {earlier}"
        texts = [word["word"] for word in heard]
        # Where an utterance is heard again it may begin elsewhere by some milliseconds, by which a word may change.
        assert SequenceMatcher(None, texts, words).ratio() > 0.9, texts
        (done,) = self.told("done")
        assert done["text"].split() == texts
        assert done["duration"] == pytest.approx(len(self.said) / BYTES_PER_SECOND, abs=0.05)


def recording(name: str) -> bytes:
    """A sentence in 16-bit samples at 16 kHz, in whole chunks."""
    samples = b"".join(decoded(DATA / f"{name}.flac"))
    return samples.ljust(-(-len(samples) // CHUNK) * CHUNK, b"\0")


def words(audio: bytes) -> list[str]:
    """What the engine by itself makes of this audio."""
    settings = TranscriberSettings()
    engine = PocketsphinxEngine(settings)
    segmenter = Segmenter(settings.silence_seconds, settings.longest_utterance_seconds)
    utterances = [*segmenter.feed(audio), segmenter.flush()]
    heard = [engine.recognise(utterance.pcm, None, None) for utterance in utterances if utterance is not None]
    return [word.word for recognition in heard for word in recognition.words]
