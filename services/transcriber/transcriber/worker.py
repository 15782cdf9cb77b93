"""The transcriber's worker processes: one kind for live streams, one for files, so that neither waits for the other."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from transcriber import tasks
from transcriber.recognizers import Recognizers
from transcriber.settings import FileSettings, StreamSettings
from warren.contracts.transcriber import TranscribeFile, TranscribeStream
from warren.worker.service import Core, Handlers, Service, run_worker


@asynccontextmanager
async def _stream_bootstrap(settings: StreamSettings, core: Core) -> AsyncIterator[Handlers]:
    async with Recognizers(settings.engine, settings.engine_processes) as recognizers:
        yield tasks.stream_handlers(core.broker, core.blobs, recognizers, settings)


@asynccontextmanager
async def _file_bootstrap(settings: FileSettings, core: Core) -> AsyncIterator[Handlers]:
    async with Recognizers(settings.engine, settings.engine_processes) as recognizers:
        yield tasks.file_handlers(core.blobs, recognizers, settings)


streams = Service(
    name="transcriber-streams",
    settings=StreamSettings,
    bootstrap=_stream_bootstrap,
    queues=(TranscribeStream.queue,),
)
files = Service(
    name="transcriber-files", settings=FileSettings, bootstrap=_file_bootstrap, queues=(TranscribeFile.queue,)
)


def streams_main() -> None:
    sys.exit(run_worker(streams))


def files_main() -> None:
    sys.exit(run_worker(files))
