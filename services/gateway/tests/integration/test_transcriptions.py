"""Recordings: `POST /v1/transcriptions`, and `POST /v1/audio/transcriptions` as OpenAI's clients call it."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from warren.contracts.events import Artifact, EventType
from warren.contracts.transcriber import FileTranscript, Segment, Transcript, Word

from .support import SECONDS, RunningGateway, ToldRun, until

WAV = b"RIFF\x00\x00\x00\x00WAVEfmt "
WORDS = (Word(word="hello", start=0.1, end=0.4, confidence=0.9), Word(word="world", start=0.5, end=0.8))
RESULT = FileTranscript(
    text="hello world",
    duration=1.25,
    language="en",
    engine="ears",
    segments=(Segment(start=0.1, end=0.8, text="hello world", confidence=0.5, words=WORDS),),
)
OPENAI = "/v1/audio/transcriptions"


async def post(gateway: RunningGateway, path: str, file: bytes | None = WAV, **fields: Any) -> httpx2.Response:
    files = {"file": ("speech.wav", file, "audio/wav")} if file is not None else {"other": ("", b"")}
    return await gateway.http.post(path, data=fields, files=files, headers=fields.pop("headers", None), timeout=SECONDS)


async def only_job(gateway: RunningGateway) -> str:
    """The id of the only job, once there is one."""
    found: list[str] = []

    async def accepted() -> bool:
        jobs = (await gateway.http.get("/v1/jobs?kind=transcriber.file")).json()["data"]
        found[:] = [job["id"] for job in jobs]
        return bool(found)

    await until(accepted)
    return found[0]


async def transcribe(gateway: RunningGateway) -> ToldRun:
    """Finish the only job as the transcriber would."""
    run = gateway.run(job_id := await only_job(gateway))
    artifacts = []
    for kind in ("srt", "vtt"):
        blob = f"jobs/{job_id}/transcript.{kind}"
        await gateway.parts.blobs.put(blob, _once(f"{kind} of hello world".encode()))
        artifacts.append(Artifact(name=f"transcript.{kind}", media_type="text/plain", size=1, blob=blob))
    await run.start()
    await run.tell(
        run.next(
            EventType.completed,
            result=RESULT.model_dump(mode="json"),
            artifacts=[artifact.model_dump(mode="json") for artifact in artifacts],
        )
    )
    return run


async def _once(data: bytes) -> Any:
    yield data


async def asked(gateway: RunningGateway, **fields: Any) -> httpx2.Response:
    """OpenAI's call, with a transcriber that answers."""
    call = asyncio.create_task(post(gateway, OPENAI, model="whisper-1", **fields))
    await transcribe(gateway)
    return await call


async def test_a_recording_is_a_job(gateway: RunningGateway) -> None:
    accepted = await post(gateway, "/v1/transcriptions", language="en-GB", prompt="Warren")
    job = accepted.json()
    await transcribe(gateway)
    ended = await gateway.http.ended(job["id"])

    assert (accepted.status_code, accepted.headers["Location"]) == (202, f"/v1/jobs/{job['id']}")
    assert (job["kind"], job["input"]["file"]["name"]) == ("transcriber.file", "speech.wav")
    assert ended["result"]["text"] == "hello world"


async def test_who_prefers_to_wait_gets_the_text(gateway: RunningGateway) -> None:
    call = asyncio.create_task(post(gateway, "/v1/transcriptions", headers={"Prefer": "wait=10"}))
    await transcribe(gateway)
    response = await call

    assert response.status_code == 200
    assert response.json()["result"]["segments"][0]["words"][0]["word"] == "hello"


async def test_the_same_idempotency_key_is_the_same_job(gateway: RunningGateway) -> None:
    headers = {"Idempotency-Key": "once"}
    jobs = [(await post(gateway, "/v1/transcriptions", headers=headers)).json()["id"] for _ in range(2)]

    assert jobs[0] == jobs[1]
    assert len(gateway.blobs("files")) == 1


@pytest.mark.parametrize("path", ["/v1/transcriptions", OPENAI])
@pytest.mark.parametrize(
    ("file", "fields", "code"),
    [
        (None, {}, "file.missing"),
        (b"", {}, "file.empty"),
        (WAV, {"language": "klingon"}, "request.invalid"),
        (WAV, {"prompt": "x" * 10_001}, "request.invalid"),
    ],
)
async def test_what_cannot_be_is_refused_and_not_kept(
    gateway: RunningGateway, path: str, file: bytes | None, fields: dict[str, str], code: str
) -> None:
    response = await post(gateway, path, file, **fields)
    body = response.json()

    if path == OPENAI:
        assert (response.status_code, body["error"]["code"]) == (400, code)
        assert body["error"]["type"] == "invalid_request_error"
    else:
        assert (response.status_code, body["code"]) == (422, code)
    assert gateway.blobs("files") == []


@pytest.mark.parametrize("file", [b"4982", b"x", b"city,amount", b"%PDF-1.7", b"\0\1\2\3\4\5\6\7\xff"])
async def test_what_is_no_recording_is_refused(gateway: RunningGateway, file: bytes) -> None:
    ours, openai = [await post(gateway, path, file) for path in ("/v1/transcriptions", OPENAI)]

    assert (ours.status_code, ours.json()["code"]) == (415, "file.not_a_recording")
    assert (openai.status_code, openai.json()["error"]["code"]) == (415, "file.not_a_recording")
    assert gateway.blobs("files") == []


async def test_json_is_the_text(gateway: RunningGateway) -> None:
    response = await asked(gateway)

    assert response.json() == {"text": "hello world", "usage": {"type": "duration", "seconds": 2}}


@pytest.mark.parametrize(
    ("kind", "text"), [("text", "hello world\n"), ("srt", "srt of hello world"), ("vtt", "vtt of hello world")]
)
async def test_text_and_subtitles_are_plain(gateway: RunningGateway, kind: str, text: str) -> None:
    response = await asked(gateway, response_format=kind)

    assert response.text == text
    assert response.headers["content-type"].startswith("text/plain")


async def test_verbose_json_has_what_is_asked_for(gateway: RunningGateway) -> None:
    granularities = {"timestamp_granularities[]": ["word", "segment"]}
    body = (await asked(gateway, response_format="verbose_json", **granularities)).json()

    assert (body["task"], body["language"], body["duration"], body["text"]) == ("transcribe", "en", 1.25, "hello world")
    assert body["words"][1] == {"word": "world", "start": 0.5, "end": 0.8}
    assert (body["segments"][0]["id"], body["segments"][0]["text"], body["segments"][0]["seek"]) == (
        *(0, "hello world", 10),
    )


async def test_verbose_json_has_segments_unless_words_are_asked_for(gateway: RunningGateway) -> None:
    body = (await asked(gateway, response_format="verbose_json", **{"timestamp_granularities[]": "word"})).json()

    assert "segments" not in body
    assert len(body["words"]) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"response_format": "xml"},
        {"timestamp_granularities[]": "word"},
        {"response_format": "verbose_json", "timestamp_granularities[]": "page"},
        {"stream": "true", "response_format": "srt"},
        {"temperature": "7"},
    ],
)
async def test_options_that_cannot_be_are_errors_as_openai_has_them(
    gateway: RunningGateway, fields: dict[str, Any]
) -> None:
    response = await post(gateway, OPENAI, **fields)

    assert response.status_code == 400
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


async def test_an_unreadable_recording_is_the_clients_fault(gateway: RunningGateway) -> None:
    call = asyncio.create_task(post(gateway, OPENAI))
    run = gateway.run(await only_job(gateway))
    await run.start()
    await run.fail("audio.unreadable", "This is no sound.")
    response = await call

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "audio.unreadable"
    assert response.json()["error"]["message"] == "This is no sound."


async def test_a_stream_tells_each_utterance_once_and_then_the_whole(gateway: RunningGateway) -> None:
    call = asyncio.create_task(post(gateway, OPENAI, stream="true"))
    run = gateway.run(await only_job(gateway))
    await run.start()
    first = Transcript(final=True, start=0.1, end=0.4, text="hello", covers=0.45)
    second = Transcript(final=True, start=0.5, end=0.8, text="world", covers=1.0)
    for part in (first, first, second):
        await run.tell(run.next(EventType.output, **part.model_dump(mode="json")))
    await run.tell(run.next(EventType.completed, result=RESULT.model_dump(mode="json")))
    lines = [line.removeprefix("data: ") for line in (await call).text.split("\n\n") if line.startswith("data: ")]
    events = [json.loads(line) for line in lines[:-1]]

    assert lines[-1] == "[DONE]"
    assert [event.get("delta") for event in events] == ["hello", " world", None]
    assert [event["type"] for event in events] == [*["transcript.text.delta"] * 2, "transcript.text.done"]
    assert events[-1]["text"] == "hello world"


async def test_a_stream_that_fails_says_why(gateway: RunningGateway) -> None:
    call = asyncio.create_task(post(gateway, OPENAI, stream="true"))
    run = gateway.run(await only_job(gateway))
    await run.start()
    await run.fail("audio.unreadable", "This is no sound.")
    first = (await call).text.split("\n\n")[0]

    assert json.loads(first.removeprefix("data: "))["error"]["code"] == "audio.unreadable"


@pytest.mark.parametrize("stream", ["true", "false"])
async def test_the_job_of_a_client_that_leaves_is_stopped(gateway: RunningGateway, stream: str) -> None:
    call = asyncio.create_task(post(gateway, OPENAI, stream=stream))
    job_id = await only_job(gateway)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)

    assert (await gateway.http.ended(job_id))["status"] == "cancelled"


async def test_errors_of_the_path_are_as_openai_has_them(gateway: RunningGateway) -> None:
    unknown = await gateway.http.get("/v1/audio/speech")
    text = await gateway.http.post(OPENAI, json={})

    assert unknown.json()["error"]["code"] == "path.not_found"
    assert (text.status_code, text.json()["error"]["code"]) == (415, "request.media_type")
