"""A live stream, from its queue to its words. How it fits together is in docs/decisions/0006-live-audio.md."""

import asyncio
import time
from dataclasses import dataclass

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from transcriber import measures
from transcriber.checkpoint import Checkpoint, Checkpoints
from transcriber.engines.base import SAMPLE_RATE, Recognition
from transcriber.errors import EngineFailed, EngineUnavailable
from transcriber.ledger import Ledger
from transcriber.listening import Listener, listening
from transcriber.recognizers import Recognizers
from transcriber.settings import TranscriberSettings
from transcriber.utterances import Segmenter, Utterance
from transcriber.words import transcript
from warren import audio, topology
from warren.audio import Frame, FrameType, MalformedFrame
from warren.blobs import BlobStore
from warren.broker import Broker, Lost, settle
from warren.contracts.base import Message
from warren.contracts.transcriber import (
    LONGEST_STREAM_SECONDS,
    Encoding,
    EndReason,
    SpeechStarted,
    StreamReport,
    Synced,
    TranscribeStream,
    Transcript,
    Unreadable,
    UtteranceEnd,
)
from warren.errors import BrokerUnavailable, JobError
from warren.worker.job import Job

log = structlog.get_logger(__name__)

PREFETCH = 2048
CUT_CHUNKS = 1024
"""An utterance of so many chunks is cut: RabbitMQ gives no more than `PREFETCH` that are not acknowledged."""
SETTLE_SECONDS = 1.0
"""In silence chunks are acknowledged this often, many at a time: each acknowledgement costs as much as a chunk."""
INTERIM_SECONDS = 1.0
"""How much more must have been said before it is listened to again."""
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)
HOPELESS = 3
"""So many pieces that cannot be decoded, without a sound before, are no audio."""


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
    checkpoints = Checkpoints(desk.blobs, job.id)
    with measures.STREAMS.track_inprogress():
        while True:
            await desk.broker.ready()
            try:
                await desk.broker.declare(queue)
                async with desk.broker.channel(prefetch=PREFETCH) as (channel, lost):
                    checkpoint = await checkpoints.load() if _is_container(job) else Checkpoint()
                    report = await LiveStream(job, desk, checkpoint, deadline).run(channel, lost)
                await desk.broker.delete(queue)
                await checkpoints.delete()
            except BrokerUnavailable as error:
                log.warning("stream_interrupted", error=str(error))
                await asyncio.sleep(RETRY_SECONDS[0])
            else:
                return report


class LiveStream:
    """One stretch of a stream, for as long as its channel lives."""

    def __init__(self, job: Job[TranscribeStream], desk: Desk, checkpoint: Checkpoint, deadline: float) -> None:
        self._job = job
        self._desk = desk
        self._format = job.payload.format
        self._deadline = deadline
        self._seq = checkpoint.seq
        self._offset = 0
        self._checkpoints = Checkpoints(desk.blobs, job.id)
        self._ledger: Ledger[AbstractIncomingMessage] = Ledger(exact=not _is_container(job))
        self._segmenter = self._segments(checkpoint.position)
        self._decoder = listening(
            self._format,
            Listener(self._heard, self._consumed, self._unreadable),
            checkpoint.header_bytes,
        )
        self._inbox: asyncio.Queue[AbstractIncomingMessage | Exception] = asyncio.Queue()
        self._waiting: asyncio.Queue[tuple[Utterance, float] | None] = asyncio.Queue()
        self._news: asyncio.Queue[Message] = asyncio.Queue()
        self._in_flight = 0
        self._utterances = 0
        self._covers = self._segmenter.position
        self._recognised = 0.0
        self._silent_failures = 0
        self._settle_at = 0.0
        self._interim_heard = 0
        self._interim: asyncio.Task[None] | None = None

    async def run(self, channel: AbstractChannel, lost: Lost) -> StreamReport:
        """Until the stream ends. Raises `BrokerUnavailable` when the channel is lost, `JobError` if it is no audio."""
        tasks = [asyncio.create_task(self._recognise()), asyncio.create_task(self._tell())]
        for task in tasks:
            task.add_done_callback(self._crashed)
        lost.add_done_callback(lambda reason: self._inbox.put_nowait(BrokerUnavailable(reason.result())))
        try:
            queue = await channel.get_queue(topology.audio_queue(self._job.id).name, ensure=False)
            await queue.consume(self._inbox.put)
            reason = await self._listen()
            await self._decoder.finish()
            self._raise_if_hopeless(1)
            self._end_utterance()
            self._waiting.put_nowait(None)
            await tasks[0]
            await self._news.join()
            if (last := self._ledger.last()) is not None:
                await settle(last.ack(multiple=True))
        finally:
            self._decoder.stop()
            for task in (*tasks, *([self._interim] if self._interim else [])):
                task.cancel()
        return StreamReport(
            reason=reason,
            duration=self._segmenter.heard / SAMPLE_RATE,
            recognised_seconds=self._recognised,
            engine=self._desk.recognizers.engine,
        )

    def _crashed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._inbox.put_nowait(error if isinstance(error, Exception) else RuntimeError(str(error)))

    # Frames ---------------------------------------------------------------------------------------------------------

    async def _listen(self) -> EndReason:
        while True:
            try:
                async with asyncio.timeout(self._desk.settings.stream_idle_seconds):
                    message = await self._inbox.get()
            except TimeoutError:
                return EndReason.idle
            if isinstance(message, Exception):
                raise message
            try:
                frame = audio.decode(message)
            except MalformedFrame as error:
                log.error("frame_malformed", error=str(error))
                frame = Frame(FrameType.keepalive, self._seq, self._offset)
            if (reason := self._take(frame, message)) is not None:
                return reason
            self._raise_if_hopeless(HOPELESS)
            await self._settle_now_and_then()

    def _take(self, frame: Frame, message: AbstractIncomingMessage) -> EndReason | None:
        if time.monotonic() > self._deadline:
            return EndReason.limit
        again = frame.type is FrameType.chunk and frame.seq <= self._seq
        self._ledger.add(self._seq if again else max(frame.seq, self._seq), message)
        match frame.type:
            case FrameType.end:
                return EndReason.ended
            case FrameType.chunk if not again:
                self._take_chunk(frame)
                return None
            case FrameType.finalize:
                self._decoder.after(self._end_utterance)
            case FrameType.sync:
                self._decoder.after(lambda: self._news.put_nowait(self._synced()))
        if self._ledger.exact:
            self._consumed(self._seq)
        return None

    def _raise_if_hopeless(self, failures: int) -> None:
        if self._silent_failures >= failures:
            raise JobError("audio.unreadable", "This is no audio that can be read.")

    def _take_chunk(self, frame: Frame) -> None:
        measures.CHUNKS.inc()
        rate = self._format.bytes_per_second
        if not self._seq and frame.offset and rate:
            # This is not where the stream began: an earlier worker has dealt with the rest.
            self._segmenter = self._segments(frame.offset * SAMPLE_RATE // rate)
            self._covers = self._segmenter.position
        self._seq = frame.seq
        self._offset = frame.offset + len(frame.body)
        self._decoder.feed(frame.seq, frame.body)
        if self._segmenter.speaking and len(self._ledger) >= CUT_CHUNKS and not self._in_flight:
            self._end_utterance()
        self._listen_meanwhile()

    def _segments(self, position: int) -> Segmenter:
        settings = self._desk.settings
        return Segmenter(settings.silence_seconds, settings.longest_utterance_seconds, position)

    # Called by the decoder ------------------------------------------------------------------------------------------

    def _heard(self, samples: bytes) -> None:
        self._silent_failures = 0 if samples else self._silent_failures
        spoke = self._segmenter.speaking
        for utterance in self._segmenter.feed(samples):
            if not spoke:
                self._news.put_nowait(SpeechStarted(at=utterance.start / SAMPLE_RATE, seq=self._seq))
            self._hand_over(utterance)
            spoke = False
        if self._segmenter.speaking and not spoke:
            self._news.put_nowait(SpeechStarted(at=self._segmenter.position / SAMPLE_RATE, seq=self._seq))

    def _consumed(self, seq: int) -> None:
        self._ledger.consumed(seq, self._segmenter.heard)

    def _unreadable(self, message: str, seq: int) -> None:
        measures.UNREADABLE.inc()
        if not self._segmenter.heard:
            self._silent_failures += 1
        self._news.put_nowait(Unreadable(code="audio.unreadable", message=message, seq=seq))

    # Words ----------------------------------------------------------------------------------------------------------

    def _end_utterance(self) -> None:
        if (utterance := self._segmenter.flush()) is not None:
            self._hand_over(utterance)

    def _hand_over(self, utterance: Utterance) -> None:
        self._in_flight += 1
        self._interim_heard = 0
        self._waiting.put_nowait((utterance, time.monotonic()))

    async def _recognise(self) -> None:
        while (item := await self._waiting.get()) is not None:
            utterance, since = item
            recognition = await self._recognition(utterance)
            self._utterances += 1
            self._recognised += len(utterance.pcm) / 2 / SAMPLE_RATE
            final = self._transcript(utterance, recognition, final=True)
            if final.text:
                await self._job.output(final)
            measures.LAG.observe(time.monotonic() - since)
            measures.UTTERANCES.labels("stream").inc()
            self._covers = utterance.covers
            self._in_flight -= 1
            self._news.put_nowait(self._utterance_end(final))
            await self._settle()

    async def _recognition(self, utterance: Utterance) -> Recognition:
        tries = 0
        while True:
            try:
                return await self._desk.recognizers.recognise(
                    self._job.id, utterance.pcm, language=self._job.payload.language
                )
            except EngineUnavailable as error:
                # Nothing said is lost: the audio stays in its queue for as long as the engine is away.
                log.warning("engine_unavailable", error=str(error))
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
            except EngineFailed as error:
                log.error("utterance_not_recognised", error=str(error))
                message = "The engine could not recognise an utterance."
                self._news.put_nowait(Unreadable(code="engine.failed", message=message, seq=self._seq))
                return Recognition("")

    def _listen_meanwhile(self) -> None:
        """An interim result, if somebody wants it, enough is new, and no process is missed for it."""
        heard = self._segmenter.heard
        enough = heard - max(self._interim_heard, self._segmenter.position) >= INTERIM_SECONDS * SAMPLE_RATE
        free = self._interim is None or self._interim.done()
        if not (self._job.payload.interim and self._segmenter.speaking and enough and free):
            return
        if self._desk.recognizers.spare and not self._in_flight:
            self._interim_heard = heard
            so_far = Utterance(self._segmenter.position, self._covers, self._segmenter.open_pcm)
            self._interim = asyncio.create_task(self._tell_interim(so_far))

    async def _tell_interim(self, so_far: Utterance) -> None:
        try:
            recognition = await self._desk.recognizers.recognise(
                f"{self._job.id} interim", so_far.pcm, language=self._job.payload.language
            )
        except (EngineUnavailable, EngineFailed) as error:
            log.info("no_interim", error=str(error))
            return
        # Meanwhile the utterance may have ended: then its final is what counts.
        if recognition.text and self._segmenter.speaking and self._segmenter.position == so_far.start:
            self._news.put_nowait(self._transcript(so_far, recognition, final=False))

    def _transcript(self, utterance: Utterance, recognition: Recognition, *, final: bool) -> Transcript:
        return transcript(utterance, recognition, final=final, seq=self._seq, n=self._utterances)

    def _utterance_end(self, final: Transcript) -> UtteranceEnd:
        caught_up = not self._in_flight and not self._segmenter.speaking
        return UtteranceEnd(at=final.end, covers=final.covers, caught_up=caught_up, seq=self._seq)

    def _synced(self) -> Synced:
        return Synced(
            seq=self._seq,
            offset=self._offset,
            received=self._segmenter.heard / SAMPLE_RATE,
            recognised=(self._covers if self._in_flight else self._segmenter.position) / SAMPLE_RATE,
        )

    async def _tell(self) -> None:
        """Live events go out one after the other; nobody waits for them."""
        while True:
            news = await self._news.get()
            await self._job.live(news)
            self._news.task_done()

    # Acknowledging --------------------------------------------------------------------------------------------------

    async def _settle_now_and_then(self) -> None:
        if not self._in_flight and time.monotonic() >= self._settle_at:
            await self._settle()

    async def _settle(self) -> None:
        self._settle_at = time.monotonic() + SETTLE_SECONDS
        settled = self._ledger.settle(self._covers if self._in_flight else self._segmenter.position)
        if settled is None:
            return
        if self._decoder.header and (anchor := self._ledger.anchor) is not None:
            await self._checkpoints.save(Checkpoint.of(anchor, self._decoder.header))
        await settle(settled.ack(multiple=True))


def _is_container(job: Job[TranscribeStream]) -> bool:
    return job.payload.format.encoding is Encoding.container
