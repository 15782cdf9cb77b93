"""A stand-in for the other side: it takes stream jobs as the real transcriber does (docs/decisions/0006), and hears
words where the real one would recognise them, as letters in the bytes of the audio.

A chunk that begins with `say ` is speech, zeros are silence and end an utterance, `bad` cannot be read.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from warren import audio, events, topology
from warren.audio import Frame, FrameType
from warren.broker import Broker
from warren.contracts.base import Message
from warren.contracts.events import EventType, JobEvent
from warren.contracts.transcriber import (
    EndReason,
    SpeechStarted,
    StreamReport,
    Synced,
    TranscribeStream,
    Transcript,
    Unreadable,
    UtteranceEnd,
    Word,
)

RATE = 32_000.0
"""Bytes a second, of whatever format."""
PREFETCH = 20
"""Chunks of a stream that are taken from its queue before one is acknowledged."""


def say(text: str, seconds: float = 0.1) -> bytes:
    """Audio in which somebody says this."""
    return f"say {text}".encode().ljust(int(RATE * seconds), b"\0")


def silence(seconds: float = 0.1) -> bytes:
    return bytes(int(RATE * seconds))


@dataclass
class Stream:
    """One run of one stream's job."""

    broker: Broker
    id: str
    run: int
    payload: TranscribeStream
    n: int = 0
    seq: int = 0
    offset: int = 0
    covers: float = 0.0
    words: list[Word] = field(default_factory=list)
    frames: list[FrameType] = field(default_factory=list)

    async def tell(self, kind: EventType, said: Message | None = None, **data: Any) -> None:
        self.n += kind is not EventType.live
        content = said.model_dump(mode="json") if said is not None else data
        event = JobEvent(job_id=self.id, run=self.run, n=self.n, type=kind, at=datetime.now(UTC), data=content)
        if kind is EventType.live:
            await events.publish_live(self.broker, "transcriber", event)
        else:
            await events.publish(self.broker, "transcriber", [event])

    async def hear(self, frame: Frame) -> bool:
        """Whether the stream goes on."""
        self.frames.append(frame.type)
        match frame.type:
            case FrameType.chunk if frame.seq > self.seq:
                self.seq, self.offset = frame.seq, frame.offset + len(frame.body)
                await self._listen(frame)
            case FrameType.finalize | FrameType.end:
                await self._flush()
            case FrameType.sync:
                position = self.offset / RATE
                said = Synced(seq=self.seq, offset=self.offset, received=position, recognised=self.covers)
                await self.tell(EventType.live, said)
        if frame.type is not FrameType.end:
            return True
        report = StreamReport(reason=EndReason.ended, duration=self.offset / RATE, recognised_seconds=1, engine="ears")
        await self.tell(EventType.completed, result=report.model_dump(mode="json"))
        return False

    async def _listen(self, frame: Frame) -> None:
        start, end = frame.offset / RATE, self.offset / RATE
        if frame.body.startswith(b"bad"):
            said = Unreadable(code="audio.unreadable", message="This is not audio.", seq=frame.seq)
            await self.tell(EventType.live, said)
        elif frame.body.startswith(b"say "):
            if not self.words:
                await self.tell(EventType.live, SpeechStarted(at=start, seq=frame.seq))
            text = frame.body[4:].rstrip(b"\0").decode()
            self.words += [Word(word=word, start=start, end=end, confidence=0.5) for word in text.split()]
            if self.payload.interim:
                await self.tell(EventType.live, self._transcript(final=False))
        else:
            await self._flush()

    async def _flush(self) -> None:
        if not self.words:
            return
        self.covers = self.offset / RATE
        at = self.words[-1].end
        await self.tell(EventType.output, self._transcript(final=True))
        self.words = []
        said = UtteranceEnd(at=at, covers=self.covers, caught_up=True, seq=self.seq)
        await self.tell(EventType.live, said)

    def _transcript(self, *, final: bool) -> Transcript:
        return Transcript(
            final=final,
            start=self.words[0].start,
            end=self.words[-1].end,
            text=" ".join(word.word for word in self.words),
            confidence=0.5,
            words=tuple(self.words),
            covers=self.offset / RATE if final else self.covers,
            seq=self.seq,
        )


class Transcriber:
    """Takes stream jobs while its block lasts; what it has not acknowledged goes to the next. `streams` by id."""

    def __init__(self, broker: Broker, *, stubborn: bool = False) -> None:
        self._broker = broker
        self._stubborn = stubborn
        self._streams: dict[str, asyncio.Future[Stream]] = {}
        self.listening = asyncio.Event()
        self.deaf = asyncio.Event()
        """While it is clear, audio waits in the queues."""
        self.deaf.set()

    async def stream(self, stream_id: str) -> Stream:
        """The run of this stream, once it has begun."""
        async with asyncio.timeout(10):
            return await asyncio.shield(self._begun(stream_id))

    def _begun(self, stream_id: str) -> "asyncio.Future[Stream]":
        return self._streams.setdefault(stream_id, asyncio.get_running_loop().create_future())

    async def listen(self, channel: AbstractChannel) -> None:
        queue = await channel.get_queue(TranscribeStream.queue, ensure=False)

        async def take(message: AbstractIncomingMessage) -> None:
            await self._take(channel, message)

        await queue.consume(take)
        self.listening.set()

    async def _take(self, channel: AbstractChannel, job: AbstractIncomingMessage) -> None:
        run = 1 + int(str((job.headers or {}).get("x-delivery-count", 0)))
        payload = TranscribeStream.model_validate(json.loads(job.body)[1]["payload"])
        stream = Stream(self._broker, str(job.message_id), run, payload)
        described = topology.audio_queue(stream.id)
        await self._broker.declare(described)
        await stream.tell(EventType.started)
        if not (begun := self._begun(stream.id)).done():
            begun.set_result(stream)
        await channel.set_qos(prefetch_count=PREFETCH)  # of the consumers that come now, not of the one for jobs
        queue = await channel.get_queue(described.name, ensure=False)

        # aio-pika calls back for each message at once; audio is heard one after the other.
        incoming: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        # With a name: aiormq's are random, and property tests make chance begin anew each time.
        await queue.consume(incoming.put, consumer_tag=f"{stream.id}.{stream.run}")
        goes_on = True
        while goes_on:
            message = await incoming.get()
            await self.deaf.wait()
            goes_on = await stream.hear(audio.decode(message.properties, message.body))
            if not stream.words and not self._stubborn:
                await message.ack()
        await job.ack()
        await self._broker.delete(described)


@asynccontextmanager
async def transcribing(url: str, *, stubborn: bool = False) -> AsyncIterator[Transcriber]:
    """A transcriber on a connection of its own. A stubborn one acknowledges no audio: the next one hears it all."""
    async with Broker(url, "transcriber") as broker:
        await broker.ready()
        transcriber = Transcriber(broker, stubborn=stubborn)
        # More than any test opens: a stream whose client was cut off keeps its place, waiting to be resumed.
        broker.consume(transcriber.listen, prefetch=1000)
        await transcriber.listening.wait()
        yield transcriber
