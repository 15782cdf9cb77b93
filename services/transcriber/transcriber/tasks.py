"""What the transcriber does: the tables of its jobs."""

from transcriber.files import transcribe_file
from transcriber.recognizers import Recognizers
from transcriber.settings import TranscriberSettings
from transcriber.stream import Desk, transcribe_stream
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.transcriber import FileTranscript, StreamReport, TranscribeFile, TranscribeStream
from warren.worker.job import Job
from warren.worker.service import Handlers


def stream_handlers(
    broker: Broker, blobs: BlobStore, recognizers: Recognizers, settings: TranscriberSettings
) -> Handlers:
    """Live streams: each a coroutine that mostly waits."""
    desk = Desk(broker, blobs, recognizers, settings)

    async def stream(job: Job[TranscribeStream]) -> StreamReport:
        return await transcribe_stream(job, desk)

    return Handlers(jobs={TranscribeStream: stream})


def file_handlers(blobs: BlobStore, recognizers: Recognizers, settings: TranscriberSettings) -> Handlers:
    """Recordings, which keep all processes busy."""

    async def file(job: Job[TranscribeFile]) -> FileTranscript:
        return await transcribe_file(job, blobs, recognizers, settings)

    return Handlers(jobs={TranscribeFile: file})
