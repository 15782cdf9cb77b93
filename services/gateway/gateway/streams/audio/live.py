"""One live stream, whatever protocol its client speaks: audio in, confirmed; words out, once and in order.

What travels, and why nothing is lost, is in docs/decisions/0006.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass

import structlog
from aio_pika.exceptions import DeliveryError, PublishError
from pydantic import ValidationError

from gateway.service import Gateway
from gateway.streams.audio.progress import Progress
from gateway.streams.socket import OVERLOADED, TOO_MANY, Hangup
from warren import audio
from warren.audio import Frame, FrameType
from warren.contracts.events import EventType, JobEvent
from warren.contracts.transcriber import (
    AudioFormat,
    SpeechStarted,
    Synced,
    Transcript,
    Unreadable,
    UtteranceEnd,
    beyond,
    stream_event,
)
from warren.errors import BrokerUnavailable

log = structlog.get_logger(__name__)

HOLD_SECONDS = 20.0
"""How long a chunk that RabbitMQ does not take is tried again; meanwhile the client waits."""
FIRST_DELAY_SECONDS = 0.02
LAST_DELAY_SECONDS = 0.5
KEEPALIVE_SECONDS = 10.0
SYNC_SECONDS = 1.0
"""How often the transcriber is asked how much audio the bytes of a container are, while they come."""
LOST_SECONDS = 30.0
"""Then an answer is believed to be lost, and the transcriber is asked again."""
ANSWERS = 2
ASK_SECONDS = 2.0
RESUME_SECONDS = 15.0
"""How long a client that comes back waits until a transcriber says what has arrived."""


@dataclass(frozen=True)
class Taken:
    """A chunk that RabbitMQ has. `audio_ms` is all audio received so far; of a container, as far as it is known."""

    seq: int
    size: int
    audio_ms: int
    lag_ms: int


@dataclass(frozen=True)
class Said:
    """A transcript with its number: that of the final, or that which the final will have."""

    transcript: Transcript
    number: int


@dataclass(frozen=True)
class Ended:
    """The job has ended: with `completed`, a `StreamReport` in its result, or otherwise with a `Failure`."""

    event: JobEvent


Heard = Said | SpeechStarted | UtteranceEnd | Unreadable | Ended


class LiveStream:
    """`take()` one chunk after the other; `heard()` once, beside it. `opening` makes them."""

    def __init__(self, gateway: Gateway, stream_id: str, format: AudioFormat) -> None:  # noqa: A002  the contract's name
        self.id = stream_id
        self.seq = 0
        """Of the last chunk that RabbitMQ has."""
        self.over = False
        """Whether the job has ended."""
        self.texts: list[str] = []
        """Of all finals so far."""
        self.progress = Progress(format)
        self._broker = gateway.broker
        self._events = gateway.watches.events(stream_id, live=True)
        self._offset = 0
        self._covers = 0.0
        self._before: list[Heard] = []
        self._publishing = asyncio.Lock()
        self._published = time.monotonic()
        self._asked = 0.0
        self._answered = True

    async def watch(self) -> None:
        """Return when this stream's events are heard: call it before its job is sent."""
        await anext(self._events, None)

    async def close(self) -> None:
        await self._events.aclose()

    # Audio in -----------------------------------------------------------------------------------------------------

    async def take(self, chunk: bytes) -> Taken:
        """Hand a chunk to the transcriber; returns when RabbitMQ has it. Raises `Hangup`."""
        await self._publish(FrameType.chunk, chunk)
        if self.progress.opaque and time.monotonic() - self._asked >= (
            SYNC_SECONDS if self._answered else LOST_SECONDS
        ):
            self._asked, self._answered = time.monotonic(), False
            await self._publish(FrameType.sync)
        return self.taken(self.seq, len(chunk))

    def taken(self, seq: int, size: int) -> Taken:
        received, lag = self.progress.received, self.progress.lag
        return Taken(seq, size, audio_ms=round(received * 1000), lag_ms=round(lag * 1000))

    async def finalize(self) -> None:
        """What was said so far is an utterance. Raises `Hangup`."""
        await self._publish(FrameType.finalize)

    async def end(self) -> None:
        """No more audio comes; the rest is heard, and then the end. Raises `Hangup`."""
        await self._publish(FrameType.end)

    async def keep_alive(self) -> None:
        """Say for this client, as long as it is connected, that it is still there."""
        while True:
            await asyncio.sleep(max(0.0, self._published + KEEPALIVE_SECONDS - time.monotonic()))
            if time.monotonic() - self._published >= KEEPALIVE_SECONDS:
                self._published = time.monotonic()
                with suppress(BrokerUnavailable):
                    await audio.publish(self._broker, self.id, Frame(FrameType.keepalive, self.seq, self._offset))

    async def _publish(self, kind: FrameType, body: bytes = b"") -> None:
        async with self._publishing:
            seq = self.seq + (kind is FrameType.chunk)
            await self._hold(Frame(kind, seq, self._offset, body))
            self.seq = seq
            self._offset += len(body)
            self.progress.sent(len(body))
            self._published = time.monotonic()

    async def _hold(self, frame: Frame) -> None:
        """Publish until RabbitMQ has it: it may be away, or its queue full. Twice is harmless, by the `seq`."""
        deadline, delay = time.monotonic() + HOLD_SECONDS, FIRST_DELAY_SECONDS
        while not self.over:
            try:
                await audio.publish(self._broker, self.id, frame)
            except BrokerUnavailable as error:
                if time.monotonic() > deadline:
                    raise _stuck(error) from None
            else:
                return
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY_SECONDS)

    # Words out ----------------------------------------------------------------------------------------------------

    async def resume(self, after_seq: int | None) -> int:
        """Find out which chunks have arrived. Returns how many of them the client was not told of, and repeats.

        Raises `Hangup`.
        """
        asking = asyncio.create_task(self._ask())
        answers: list[Synced] = []
        try:
            async with asyncio.timeout(RESUME_SECONDS):
                # The first may answer the gateway of before, which had asked once, and sent more since.
                while len(answers) < ANSWERS and (event := await anext(self._events, None)) is not None:
                    if isinstance(said := _decode(event), Synced):
                        answers.append(said)
                    else:
                        self._before += self._understand(event)
        except TimeoutError:
            raise Hangup(OVERLOADED, "stream.not_resumed", "No transcriber answers for this stream now.") from None
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        for said in answers:
            self.seq, self._offset = said.seq, said.offset
            self.progress.resumed(said)
        return 0 if after_seq is None else max(0, self.seq - after_seq)

    async def _ask(self) -> None:
        while True:
            for _ in range(ANSWERS):
                with suppress(BrokerUnavailable):
                    await audio.publish(self._broker, self.id, Frame(FrameType.sync, 0, 0))
            await asyncio.sleep(ASK_SECONDS)

    async def heard(self) -> AsyncGenerator[Heard]:
        """What the transcriber tells, each final once and in order; the last is `Ended`."""
        for known in self._before:
            yield known
        self._before.clear()
        if self.over:
            return
        async with aclosing(self._events) as events:
            async for event in events:
                for said in self._understand(event):
                    yield said

    def _understand(self, event: JobEvent) -> Iterable[Heard]:
        if event.type.terminal:
            self.over = True
            self.progress.over()
            return [Ended(event)]
        said = _decode(event)
        if said is None:
            return []
        self.progress.told(said)
        if isinstance(said, Transcript):
            return self._transcript(said)
        if isinstance(said, Synced):
            self._answered = True
            return []
        return [said]

    def _transcript(self, said: Transcript) -> Iterable[Heard]:
        fresh = beyond(said, self._covers)
        if not said.final:
            return [] if fresh is None else [Said(fresh, len(self.texts) + 1)]
        self._covers = max(self._covers, said.covers)
        if fresh is None:
            return []
        self.texts.append(fresh.text)
        return [Said(fresh, len(self.texts))]


def _decode(event: JobEvent) -> Transcript | SpeechStarted | UtteranceEnd | Synced | Unreadable | None:
    if event.type not in {EventType.output, EventType.live}:
        return None
    try:
        return stream_event(event)
    except ValidationError as error:
        log.error("stream_event_unreadable", job_id=event.job_id, error=str(error))
        return None


def _stuck(error: BrokerUnavailable) -> Hangup:
    """RabbitMQ refuses a message when its queue is full, and returns it when there is no queue."""
    refused = error.__cause__
    if isinstance(refused, DeliveryError) and not isinstance(refused, PublishError):
        return Hangup(TOO_MANY, "stream.too_fast", "More audio comes than is taken. Come back with the resume token.")
    return Hangup(OVERLOADED, "broker.unavailable", "RabbitMQ takes no audio now. Come back with the resume token.")
