"""A recording, from its blob to text and subtitles."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path

from transcriber import formats, measures
from transcriber.engines.base import SAMPLE_RATE, Recognition
from transcriber.errors import EngineFailed, EngineUnavailable, UnreadableAudio
from transcriber.recognizers import Recognizers
from transcriber.settings import TranscriberSettings
from transcriber.subtitles import srt, vtt
from transcriber.utterances import Segmenter, Utterance
from transcriber.words import transcript
from warren.blobs import BlobStore
from warren.contracts.transcriber import FileTranscript, Segment, TranscribeFile
from warren.errors import BlobNotFound, JobError, TransientError
from warren.worker.job import Job

BLOCK_SECONDS = 5
"""Decoded at a time, in a thread."""


async def transcribe_file(
    job: Job[TranscribeFile], blobs: BlobStore, recognizers: Recognizers, settings: TranscriberSettings
) -> FileTranscript:
    """Recognise a file, utterance by utterance, as many at a time as there are processes. Raises `JobError`."""
    with tempfile.TemporaryDirectory(prefix="warren-audio-") as directory:
        path = Path(directory, "audio")
        try:
            await blobs.download(job.payload.file.blob, path)
        except BlobNotFound:
            raise JobError("file.gone", "The file was deleted before it could be transcribed.") from None
        reading = Recording(path, settings)
        segments, language = await _segments(job, reading, recognizers)
    result = FileTranscript(
        text=" ".join(segment.text for segment in segments),
        duration=round(reading.seconds, 3),
        language=language or job.payload.language or "",
        engine=recognizers.engine,
        segments=tuple(segments),
        warnings=tuple(reading.warnings),
    )
    await job.store("transcript.txt", f"{result.text}\n".encode(), "text/plain; charset=utf-8")
    await job.store("transcript.srt", srt(segments).encode(), "application/x-subrip")
    await job.store("transcript.vtt", vtt(segments).encode(), "text/vtt")
    return result


class Recording:
    """A file being read: its utterances, and what is known of it so far."""

    def __init__(self, path: Path, settings: TranscriberSettings) -> None:
        self._path = path
        self._settings = settings
        self._segmenter = Segmenter(settings.silence_seconds, settings.longest_utterance_seconds)
        self.expected: float | None = None
        self.warnings: list[str] = []

    @property
    def seconds(self) -> float:
        """How much was read."""
        return self._segmenter.heard / SAMPLE_RATE

    async def utterances(self) -> AsyncIterator[Utterance]:
        """All of them, in order. Raises `JobError` if the file is no audio, or too long."""
        try:
            self.expected = await asyncio.to_thread(formats.duration, self._path)
        except UnreadableAudio as error:
            raise JobError("audio.unreadable", f"The file cannot be read as audio: {error.message}") from error
        samples = formats.decoded(self._path)
        while block := await asyncio.to_thread(self._block, samples):
            for utterance in self._segmenter.feed(block):
                yield utterance
            if self.seconds > self._settings.longest_file_seconds:
                limit = self._settings.longest_file_seconds
                raise JobError("audio.too_long", f"The recording is longer than {limit:g} seconds.")
        if (last := self._segmenter.flush()) is not None:
            yield last
        if not self.seconds:
            raise JobError("audio.unreadable", "There is no sound in the file.")

    def _block(self, samples: Iterator[bytes]) -> bytes:
        block = bytearray()
        try:
            for some in samples:
                block += some
                if len(block) >= BLOCK_SECONDS * formats.BLOCK_BYTES:
                    break
        except UnreadableAudio as error:
            if not block and not self.seconds:
                raise JobError("audio.unreadable", f"The file cannot be read as audio: {error.message}") from error
            self.warnings.append(f"The recording breaks off: {error.message}")
        return bytes(block)


async def _segments(
    job: Job[TranscribeFile], recording: Recording, recognizers: Recognizers
) -> tuple[list[Segment], str | None]:
    segments: list[Segment] = []
    language: str | None = None
    async with contextlib.aclosing(_recognised(job, recording, recognizers)) as recognised:
        async for utterance, recognition in recognised:
            language = language or recognition.language
            measures.UTTERANCES.labels("file").inc()
            if not recognition.text:
                continue
            told = transcript(utterance, recognition, final=True, seq=0, n=len(segments) + 1)
            segments.append(Segment.model_validate(told.model_dump()))
            await job.output(told)
            await _report(job, recording, utterance)
    return segments, language


async def _recognised(
    job: Job[TranscribeFile], recording: Recording, recognizers: Recognizers
) -> AsyncGenerator[tuple[Utterance, Recognition]]:
    """Utterances with their words, in order, though several are listened to at a time."""
    under_way: list[tuple[Utterance, asyncio.Task[Recognition]]] = []
    try:
        async for utterance in recording.utterances():
            under_way.append((utterance, asyncio.create_task(_recognition(job, utterance, recognizers))))
            if len(under_way) > recognizers.size:
                first, task = under_way[0]
                yield first, await task
                del under_way[0]
        while under_way:
            first, task = under_way[0]
            yield first, await task
            del under_way[0]
    finally:
        for _, task in under_way:
            task.cancel()
        await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)


async def _recognition(job: Job[TranscribeFile], utterance: Utterance, recognizers: Recognizers) -> Recognition:
    try:
        return await recognizers.recognise(
            job.id, utterance.pcm, language=job.payload.language, prompt=job.payload.prompt
        )
    except EngineUnavailable as error:
        raise TransientError("engine.unavailable", f"The speech engine is not available: {error}") from error
    except EngineFailed as error:
        raise JobError("engine.failed", f"The speech engine failed: {error}") from error


async def _report(job: Job[TranscribeFile], recording: Recording, utterance: Utterance) -> None:
    position = utterance.covers / SAMPLE_RATE
    percent = min(99.0, 100 * position / recording.expected) if recording.expected else None
    await job.progress(f"{position:.0f} seconds recognised", stage="recognising", percent=percent)
