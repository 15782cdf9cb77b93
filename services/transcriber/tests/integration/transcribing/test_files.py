"""Recordings through a real worker."""

from pathlib import Path

import pytest

from warren.blobs import BlobStore
from warren.contracts.events import EventType
from warren.contracts.files import UploadedFile
from warren.contracts.transcriber import FileTranscript, TranscribeFile
from warren.testing.processes import Program

from ...speech import CONTAINERS, dialog, encoded, silence
from .studio import Studio


@pytest.fixture
def blobs(file_worker: Program) -> BlobStore:
    return BlobStore((Path(file_worker.log).parent / "blobs").as_uri())


async def upload(blobs: BlobStore, data: bytes, name: str) -> TranscribeFile:
    await blobs.put(f"files/{name}", data)
    file = UploadedFile(file_id=name, blob=f"files/{name}", name=name, size=len(data), sha256="0" * 64)
    return TranscribeFile(file=file)


@pytest.mark.parametrize("name", ["wav", "mp3", "flac"])
async def test_a_file_becomes_text_segments_and_subtitles(studio: Studio, blobs: BlobStore, name: str) -> None:
    job_id = await studio.submit(await upload(blobs, encoded(dialog(), *CONTAINERS[name]), f"speech.{name}"))
    end = await studio.end(job_id)

    assert end.type is EventType.completed, end
    result = FileTranscript.model_validate(end.data["result"])
    assert len(result.segments) >= 2
    assert result.text == " ".join(segment.text for segment in result.segments)
    assert result.duration == pytest.approx(len(dialog()) / 32_000, abs=0.2)
    artifacts = {artifact["name"]: artifact["blob"] for artifact in end.data["artifacts"]}
    subtitles = (await blobs.get(artifacts["transcript.srt"])).decode()
    assert subtitles.startswith("1\n00:00:0")
    assert result.segments[-1].text in subtitles
    assert (await blobs.get(artifacts["transcript.vtt"])).startswith(b"WEBVTT")
    assert (await blobs.get(artifacts["transcript.txt"])).decode() == f"{result.text}\n"
    told = [event.type for event in studio.events(job_id)]
    assert told.count(EventType.output) == len(result.segments)
    assert told.count(EventType.progress) == len(result.segments)


async def test_silence_is_a_transcript_without_words(studio: Studio, blobs: BlobStore) -> None:
    job_id = await studio.submit(await upload(blobs, encoded(silence(3), *CONTAINERS["wav"]), "silence.wav"))
    result = FileTranscript.model_validate((await studio.end(job_id)).data["result"])

    assert (result.text, result.segments) == ("", ())


@pytest.mark.parametrize("data", [b"", b"x", b"no audio at all " * 1000], ids=len)
async def test_what_is_no_audio_fails_with_a_code(studio: Studio, blobs: BlobStore, data: bytes) -> None:
    job_id = await studio.submit(await upload(blobs, data, "nothing.bin"))
    end = await studio.end(job_id)

    assert (end.type, end.data["code"]) == (EventType.failed, "audio.unreadable")


async def test_a_file_that_was_deleted_is_said_to_be_gone(studio: Studio, blobs: BlobStore) -> None:
    payload = await upload(blobs, b"", "gone.wav")
    await blobs.delete("files/gone.wav")
    end = await studio.end(await studio.submit(payload))

    assert end.data["code"] == "file.gone"


async def test_a_long_recording_can_be_cancelled(studio: Studio, blobs: BlobStore) -> None:
    from warren import control

    job_id = await studio.submit(await upload(blobs, encoded(dialog() * 20, *CONTAINERS["wav"]), "long.wav"))
    await studio.wait(job_id, lambda events: next((e for e in events if e.type is EventType.output), None))
    await control.broadcast_cancel(studio.broker, job_id)

    assert (await studio.end(job_id)).type is EventType.cancelled
