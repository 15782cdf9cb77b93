"""A live stream, from its queue to its words. How it fits together is in docs/decisions/0006-live-audio.md."""

import asyncio
import time
from dataclasses import dataclass

import structlog
from aiormq.abc import AbstractChannel, DeliveredMessage

from transcriber import measures
from transcriber.checkpoint import Checkpoint, Checkpoints
from transcriber.container_listening import ContainerListening
from transcriber.engines.base import SAMPLE_RATE
from transcriber.listening import Listener, RawListening
from transcriber.recognizers import Recognizers
from transcriber.settings import TranscriberSettings
from transcriber.settling import Settler
from transcriber.speech import Speech
from transcriber.telling import Teller
from warren import audio, topology
from warren.audio import Frame, FrameType, MalformedFrame
from warren.blobs import BlobStore
from warren.broker import Broker, Lost
from warren.contracts.transcriber import (
    LONGEST_STREAM_SECONDS,
    Encoding,
    EndReason,
    StreamReport,
    Synced,
    TranscribeStream,
    Unreadable,
)
from warren.errors import BrokerUnavailable, JobError
from warren.worker.job import Job

log = structlog.get_logger(__name__)

PREFETCH = 2048
CUT_CHUNKS = 1024
"""An utterance of so many chunks is cut: RabbitMQ gives no more than `PREFETCH` that are not acknowledged."""
PAUSE_SECONDS = 0.5
"""After RabbitMQ was lost."""
HOPELESS = 3
"""So many pieces that cannot be decoded, without a sound between, are no audio."""


@dataclass(frozen=True)
class Desk:
    """What all streams of a worker share."""

    broker: Broker
    blobs: BlobStore
    recognizers: Recognizers
    settings: TranscriberSettings


async def transcribe_stream(job: Job[TranscribeStream], desk: Desk) -> StreamReport:
    """Listen until the stream ends; each time RabbitMQ was away, from the first chunk that is not acknowledged."""
    queue = topology.audio_queue(job.id)
    deadline = time.monotonic() + LONGEST_STREAM_SECONDS
    container = job.payload.format.encoding is Encoding.container
    checkpoints = Checkpoints(desk.blobs, job.id) if container else None
    with measures.STREAMS.track_inprogress():
        while True:
            await desk.broker.ready()
            try:
                await desk.broker.declare(queue)
                async with desk.broker.channel(prefetch=PREFETCH) as (channel, lost):
                    checkpoint = await checkpoints.load() if checkpoints else Checkpoint()
                    stream = LiveStream(job, desk, Settler(checkpoints), checkpoint, deadline)
                    report = await stream.run(channel, lost)
                await desk.broker.delete(queue)
                if checkpoints:
                    await checkpoints.delete()
            except BrokerUnavailable as error:
                log.warning("stream_interrupted", error=str(error))
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return report


class LiveStream:
    """One stretch of a stream, for as long as its channel lives."""

    def __init__(
        self, job: Job[TranscribeStream], desk: Desk, settler: Settler, checkpoint: Checkpoint, deadline: float
    ) -> None:
        self._job = job
        self._desk = desk
        self._settler = settler
        self._deadline = deadline
        self._seq = max(0, checkpoint.seq - 1)
        self._offset = 0
        self._failures = 0
        self._teller = Teller(job)
        self._speech = Speech(job, desk.recognizers, desk.settings, self._teller, self._settle)
        self._speech.begin(checkpoint.covered)
        self._decoder = self._listening(checkpoint)
        self._inbox: asyncio.Queue[DeliveredMessage | Exception | None] = asyncio.Queue()

    async def run(self, channel: AbstractChannel, lost: Lost) -> StreamReport:
        """Until the stream ends. Raises `BrokerUnavailable` when the channel is lost, `JobError` if it is no audio."""
        recognising = asyncio.create_task(self._speech.run())
        tasks = [recognising, asyncio.create_task(self._teller.run())]
        for task in tasks:
            task.add_done_callback(self._crashed)
        lost.add_done_callback(lambda reason: self._inbox.put_nowait(BrokerUnavailable(reason.result())))
        try:
            await channel.basic_consume(topology.audio_queue(self._job.id).name, self._inbox.put)
            reason = await self._listen()
            await self._decoder.finish()
            self._speech.end()
            await recognising
            await self._teller.all_told()
            await self._settler.finish()
        finally:
            self._decoder.stop()
            self._speech.stop()
            for task in tasks:
                task.cancel()
        if reason is None or (self._failures and not self._speech.heard):
            raise JobError("audio.unreadable", "This is no audio that can be read.")
        return StreamReport(
            reason=reason,
            duration=self._speech.heard / SAMPLE_RATE,
            recognised_seconds=self._speech.recognised_seconds,
            engine=self._desk.recognizers.engine,
        )

    def _crashed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._inbox.put_nowait(error if isinstance(error, Exception) else RuntimeError(str(error)))

    def _listening(self, checkpoint: Checkpoint) -> RawListening | ContainerListening:
        listener = Listener(self._heard, self._settler.point, self._unreadable)
        if self._job.payload.format.encoding is Encoding.container:
            return ContainerListening(listener, checkpoint.point, checkpoint.covered)
        return RawListening(self._job.payload.format, listener)

    # Frames ---------------------------------------------------------------------------------------------------------

    async def _listen(self) -> EndReason | None:
        """Why the stream ended; None if what comes makes no sense."""
        while True:
            try:
                async with asyncio.timeout(self._desk.settings.stream_idle_seconds):
                    message = await self._inbox.get()
            except TimeoutError:
                return EndReason.idle
            if message is None:
                return None
            if isinstance(message, Exception):
                raise message
            try:
                frame = audio.decode(message.header.properties, message.body)
            except MalformedFrame as error:
                log.error("frame_malformed", error=str(error))
                frame = Frame(FrameType.keepalive, self._seq, self._offset)
            if (reason := self._take(frame, message)) is not None:
                return reason
            if self._settler.due and not self._speech.in_flight:
                await self._settle()

    def _take(self, frame: Frame, message: DeliveredMessage) -> EndReason | None:
        if time.monotonic() > self._deadline:
            return EndReason.limit
        again = frame.type is FrameType.chunk and frame.seq <= self._seq
        self._settler.add(self._seq if again else max(frame.seq, self._seq), message)
        match frame.type:
            case FrameType.end:
                return EndReason.ended
            case FrameType.chunk if not again:
                self._take_chunk(frame)
            case FrameType.finalize:
                self._decoder.after(self._speech.end_utterance)
            case FrameType.sync:
                self._decoder.after(lambda: self._teller.tell(self._synced()))
        return None

    def _take_chunk(self, frame: Frame) -> None:
        measures.CHUNKS.inc()
        if not self._seq and isinstance(self._decoder, RawListening):
            self._speech.begin(self._decoder.begin(frame.offset))
        self._seq = self._speech.seq = frame.seq
        self._offset = frame.offset + len(frame.body)
        self._decoder.feed(frame.seq, frame.body)
        if self._speech.speaking and self._settler.waiting >= CUT_CHUNKS and not self._speech.in_flight:
            self._speech.end_utterance()
        self._speech.listen_meanwhile()

    def _synced(self) -> Synced:
        return Synced(
            seq=self._seq,
            offset=self._offset,
            received=self._speech.heard / SAMPLE_RATE,
            recognised=self._speech.covered / SAMPLE_RATE,
        )

    async def _settle(self) -> None:
        await self._settler.settle(self._speech.covered)

    # Called by the decoder ------------------------------------------------------------------------------------------

    def _heard(self, samples: bytes) -> None:
        self._failures = 0 if samples else self._failures
        self._speech.hear(samples)

    def _unreadable(self, message: str, seq: int) -> None:
        measures.UNREADABLE.inc()
        self._failures += 1
        if self._failures == HOPELESS:
            self._inbox.put_nowait(None)
        self._teller.tell(Unreadable(code="audio.unreadable", message=message, seq=seq))
