"""`WS /v1/audio/stream`: every chunk acknowledged once RabbitMQ has it, every word told once and in order."""

import asyncio
from typing import Any

import pytest

from warren.contracts.events import EventType, Failure

from .audio_stream import PATH, finals, only, streaming, until_type
from .support import SECONDS, RunningGateway, close_code, receive, send
from .transcriber import Transcriber, say, silence


async def test_a_stream_from_ready_to_done(gateway: RunningGateway, transcriber: Transcriber) -> None:
    async with streaming(gateway, "interim=true&language=en-US") as (socket, ready):
        for chunk in (silence(), say("hello"), say("world"), silence()):
            await socket.send(chunk)
        heard = await until_type(socket, "utterance_end")
        await send(socket, type="end")
        heard += await until_type(socket, "done")
        code = await close_code(socket)
    stream = await transcriber.stream(ready["stream_id"])

    assert ready == {
        **ready,
        "type": "ready",
        "max_chunk_bytes": gateway.settings.max_audio_size,
        "seq": 0,
    }
    acks = only("ack", heard)
    assert [(ack["seq"], ack["size"], ack["audio_ms"], ack["status"]) for ack in acks] == [
        (1, 3200, 100, "received"),
        (2, 3200, 200, "received"),
        (3, 3200, 300, "received"),
        (4, 3200, 400, "received"),
    ]
    told = [message for message in heard if message["type"] != "ack"]
    assert [message["type"] for message in told] == [
        *("speech_started", "transcript", "transcript", "transcript", "utterance_end", "done")
    ]
    assert [(message["text"], message["final"], message["seq"]) for message in told[1:4]] == [
        ("hello", False, 1),
        ("hello world", False, 1),
        ("hello world", True, 1),
    ]
    assert (told[3]["start"], told[3]["end"], told[3]["confidence"]) == (0.1, 0.3, 0.5)
    assert told[3]["words"][1] == {"word": "world", "start": 0.2, "end": 0.3, "confidence": 0.5}
    assert told[-1] == {"type": "done", "duration": 0.4, "text": "hello world"}
    assert code == 1000
    assert (stream.payload.language, stream.payload.interim) == ("en", True)


async def test_finalize_ends_an_utterance_and_keepalive_is_no_audio(
    gateway: RunningGateway, transcriber: Transcriber
) -> None:
    async with streaming(gateway, "interim=false") as (socket, _):
        await socket.send(say("one"))
        await send(socket, type="keepalive")
        await send(socket, type="finalize")
        heard = await until_type(socket, "utterance_end")
        await socket.send(say("two"))
        await send(socket, type="end")
        heard += await until_type(socket, "done")

    assert finals(heard) == ["one", "two"]
    assert [message["seq"] for message in only("transcript", heard)] == [1, 2]
    assert heard[-1]["text"] == "one two"


async def test_lag_is_what_was_received_and_not_recognised(gateway: RunningGateway, transcriber: Transcriber) -> None:
    async with streaming(gateway) as (socket, _):
        await socket.send(silence(3.0))
        quiet = await receive(socket)
        await socket.send(say("hello", 1.0))
        await until_type(socket, "transcript")
        await socket.send(say("you", 0.5))
        behind = only("ack", await until_type(socket, "ack"))[-1]
        await socket.send(silence())
        await until_type(socket, "utterance_end")
        await socket.send(silence())
        after = only("ack", await until_type(socket, "ack"))[-1]

    assert (quiet["lag_ms"], behind["lag_ms"], after["lag_ms"]) == (0, 1500, 0)


async def test_a_container_is_measured_by_the_transcriber(gateway: RunningGateway, transcriber: Transcriber) -> None:
    async with streaming(gateway, "encoding=container&interim=false") as (socket, _):
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(SECONDS):
            while not heard or heard[-1]["audio_ms"] == 0:
                await socket.send(silence())
                heard += only("ack", await until_type(socket, "ack"))

    assert heard[0]["audio_ms"] == 0
    assert heard[-1]["audio_ms"] % 100 == 0


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", "audio.empty"),
        (bytes(2 * 1024 * 1024), "audio.too_large"),
        ("hello", "message.not_json"),
        ("[1]", "message.not_an_object"),
        ('{"type": "dance"}', "message.unknown_type"),
        ("{}", "message.unknown_type"),
        ("x" * 70_000, "message.too_large"),
    ],
)
async def test_a_frame_that_cannot_be_is_an_error_and_the_stream_goes_on(
    gateway: RunningGateway, transcriber: Transcriber, frame: bytes | str, code: str
) -> None:
    async with streaming(gateway, "interim=false") as (socket, _):
        await socket.send(frame)
        error = await receive(socket)
        await socket.send(say("fine"))
        await send(socket, type="end")
        heard = await until_type(socket, "done")

    assert (error["type"], error["code"]) == ("error", code)
    assert error["message"]
    assert only("ack", heard)[0]["seq"] == 1
    assert finals(heard) == ["fine"]


async def test_a_frame_far_beyond_the_limit_ends_the_connection(
    gateway: RunningGateway, transcriber: Transcriber
) -> None:
    async with streaming(gateway) as (socket, _):
        await socket.send(bytes(5 * 1024 * 1024))
        error = await receive(socket)

        assert error["code"] == "audio.too_large"
        assert await close_code(socket) == 1009


async def test_audio_that_cannot_be_read_is_told_and_the_stream_goes_on(
    gateway: RunningGateway, transcriber: Transcriber
) -> None:
    async with streaming(gateway, "interim=false") as (socket, _):
        await socket.send(b"bad")
        await socket.send(say("fine"))
        await send(socket, type="end")
        heard = await until_type(socket, "done")

    assert [(error["code"], error["seq"]) for error in only("error", heard)] == [("audio.unreadable", 1)]
    assert finals(heard) == ["fine"]


@pytest.mark.parametrize(
    "query",
    [
        "encoding=opium",
        "sample_rate=0",
        "sample_rate=many",
        "sample_rate=96000",
        "channels=7",
        "language=klingon!",
        "interim=perhaps",
        "after_seq=-1",
        "resume=",
    ],
)
async def test_bad_parameters_end_the_connection(gateway: RunningGateway, query: str) -> None:
    async with gateway.connect(f"{PATH}?{query}") as socket:
        error = await receive(socket)

        assert (error["type"], error["code"]) == ("error", "request.invalid")
        assert query.partition("=")[0] in error["message"]
        assert await close_code(socket) == 4400


async def test_a_stream_that_is_cancelled_says_so(gateway: RunningGateway, transcriber: Transcriber) -> None:
    async with streaming(gateway) as (socket, ready):
        stream = await transcriber.stream(ready["stream_id"])
        await gateway.http.post(f"/v1/jobs/{ready['stream_id']}/cancel")
        await stream.tell(EventType.cancelled)
        error = await receive(socket)

        assert error["code"] == "job.cancelled"
        assert await close_code(socket) == 4400


async def test_a_stream_that_fails_says_why(gateway: RunningGateway, transcriber: Transcriber) -> None:
    async with streaming(gateway) as (socket, ready):
        stream = await transcriber.stream(ready["stream_id"])
        failure = Failure(code="audio.unreadable", message="Nothing could be read.")
        await stream.tell(EventType.failed, failure)
        error = await receive(socket)

        assert (error["code"], error["message"]) == ("audio.unreadable", "Nothing could be read.")
        assert await close_code(socket) == 4400
