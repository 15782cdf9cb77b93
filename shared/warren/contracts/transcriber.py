"""Jobs of the transcriber, and what it tells while they run. Times are seconds from the start of the audio.

How a live stream hangs together is in docs/decisions/0006-live-audio.md.
"""

import enum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter

from warren.contracts.base import JobPayload, JobResult, Message
from warren.contracts.events import EventType, JobEvent
from warren.contracts.files import UploadedFile

LONGEST_STREAM_SECONDS = 4 * 3600.0
"""Then a live stream ends with what was said so far."""


class Encoding(enum.StrEnum):
    """How audio is written. The raw ones need a sample rate; `container` says by itself what it is."""

    linear16 = "linear16"
    """Signed 16-bit little-endian samples."""
    float32 = "float32"
    """32-bit little-endian samples from -1 to 1."""
    mulaw = "mulaw"
    """8-bit µ-law samples, as telephones send them."""
    container = "container"
    """wav, webm, ogg, mp3, flac, m4a: whatever FFmpeg reads without looking back."""


class AudioFormat(Message):
    """`sample_rate` is in Hz; it and `channels` are ignored for a container. Channels are interleaved, and mixed."""

    encoding: Encoding = Encoding.linear16
    sample_rate: int = Field(16_000, ge=8_000, le=48_000)
    channels: int = Field(1, ge=1, le=2)

    @property
    def bytes_per_second(self) -> int | None:
        """Of the raw encodings; None where only decoding tells."""
        widths = {Encoding.linear16: 2, Encoding.float32: 4, Encoding.mulaw: 1}
        width = widths.get(self.encoding)
        return None if width is None else width * self.sample_rate * self.channels


class TranscribeStream(JobPayload):
    """One live stream. The job's id is the stream's id: its audio comes through the queue `audio.<job id>`."""

    kind: ClassVar[str] = "transcriber.stream"
    queue: ClassVar[str] = "transcriber-streams"
    timeout: ClassVar[float] = LONGEST_STREAM_SECONDS + 60.0
    innocent_after: ClassVar[float | None] = 3.0
    """What killed a worker is the first that the next one hears."""

    format: AudioFormat = AudioFormat()
    language: str | None = None
    """Two letters (ISO 639-1); the engine's own when empty."""
    interim: bool = True
    """Whether to tell what an utterance sounds like so far, while there is capacity to spare."""
    resume_hash: str = ""
    """For the gateway alone, which finds it in the job's row: the hash of the token with which a client comes back."""


class TranscribeFile(JobPayload):
    """A recording. Every utterance is told as a final `Transcript` when it is known."""

    kind: ClassVar[str] = "transcriber.file"
    queue: ClassVar[str] = "transcriber-files"
    timeout: ClassVar[float] = 4 * 3600.0

    file: UploadedFile
    language: str | None = None
    prompt: str | None = None
    """Words the engine should expect; engines without such a thing ignore it."""


class Word(Message):
    """`confidence` is from 0 to 1, or unknown."""

    word: str
    start: float
    end: float
    confidence: float | None = None


class Transcript(Message):
    """What an utterance says: for now (`final` is false: a live event), or for good (an `output` event).

    All audio before `covers` has been dealt with once this is known. `seq` is the last chunk that was heard for it,
    `n` counts the utterances of one run from 1.
    """

    type: Literal["transcript"] = "transcript"
    final: bool
    start: float
    end: float
    text: str
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    covers: float
    seq: int = 0
    n: int = 0
    language: str | None = None


class SpeechStarted(Message):
    """Live: somebody speaks since `at`. From now on recognition lags behind what was received."""

    type: Literal["speech_started"] = "speech_started"
    at: float
    seq: int


class UtteranceEnd(Message):
    """Live: silence since `at`, the end of the last word. Always follows the final, also one that has no words and is
    therefore not sent. `caught_up` says that nothing before `covers` waits, and nobody speaks."""

    type: Literal["utterance_end"] = "utterance_end"
    at: float
    covers: float
    caught_up: bool
    seq: int


class Synced(Message):
    """Live: the answer to a `sync` frame. Chunks up to `seq` have arrived, with `offset` bytes in all.

    `received` and `recognised` say how much audio that is, and how much of it is dealt with.
    """

    type: Literal["synced"] = "synced"
    seq: int
    offset: int
    received: float
    recognised: float


class Unreadable(Message):
    """Live: audio up to chunk `seq` could not be decoded and was left out. The stream goes on where it can."""

    type: Literal["unreadable"] = "unreadable"
    code: str
    message: str
    seq: int


StreamEvent = Annotated[Transcript | SpeechStarted | UtteranceEnd | Synced | Unreadable, Field(discriminator="type")]
_STREAM_EVENT: TypeAdapter[StreamEvent] = TypeAdapter(StreamEvent)


def stream_event(event: JobEvent) -> StreamEvent | None:
    """What an `output` or `live` event of the transcriber says; None for events of other types.

    Raises `pydantic.ValidationError`.
    """
    if event.type not in {EventType.output, EventType.live}:
        return None
    return _STREAM_EVENT.validate_python(event.data)


def beyond(transcript: Transcript, position: float) -> Transcript | None:
    """What of a final lies behind `position`, the `covers` of the last one delivered; None if nothing does.

    A worker that dies between telling a final and acknowledging its audio makes the next one hear that audio again,
    perhaps cut otherwise. Words are delivered once because each has a place in time.
    """
    if transcript.start >= position:
        return transcript
    if not transcript.words:
        return transcript if (transcript.start + transcript.end) / 2 >= position else None
    words = tuple(word for word in transcript.words if (word.start + word.end) / 2 >= position)
    if not words:
        return None
    text = " ".join(word.word for word in words)
    return transcript.model_copy(update={"words": words, "text": text, "start": words[0].start})


class EndReason(enum.StrEnum):
    """Why a stream ended."""

    ended = "ended"
    """The client said so."""
    idle = "idle"
    """Neither audio nor a keepalive came for a while."""
    limit = "limit"
    """It lasted `LONGEST_STREAM_SECONDS`."""


class StreamReport(JobResult):
    """Result of `transcriber.stream`. Its words are in the finals that were told before, run for run."""

    reason: EndReason
    duration: float
    """Seconds of audio since the stream's start."""
    recognised_seconds: float
    """Seconds of audio that this run had the engine listen to."""
    engine: str


class Segment(Message):
    """One utterance of a file."""

    start: float
    end: float
    text: str
    confidence: float | None = None
    words: tuple[Word, ...] = ()


class FileTranscript(JobResult):
    """Result of `transcriber.file`; the artifacts `transcript.txt`, `.srt` and `.vtt` say the same."""

    brief: ClassVar[frozenset[str]] = frozenset({"duration", "engine", "language"})

    text: str
    duration: float
    language: str
    engine: str
    segments: tuple[Segment, ...] = ()
    warnings: tuple[str, ...] = ()
