"""`WS /v1/audio/stream`: every chunk acknowledged once RabbitMQ has it, every word told once and in order."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from websockets.asyncio.client import ClientConnection

from gateway.models import jobs
from gateway.streams import socket as socket_module
from gateway.streams.audio import admission, live, progress
from warren import topology
from warren.audio import FrameType
from warren.contracts.events import EventType, Failure

from .conftest import StartGateway
from .support import SECONDS, RunningGateway, close_code, receive, send, until
from .transcriber import Transcriber, say, silence, transcribing

PATH = "/v1/audio/stream"


@pytest.fixture
async def transcriber(gateway: RunningGateway) -> AsyncIterator[Transcriber]:
    async with transcribing(gateway.settings.broker_url.get_secret_value()) as started:
        yield started


@asynccontextmanager
async def streaming(
    gateway: RunningGateway, query: str = "", **options: Any
) -> AsyncIterator[tuple[ClientConnection, dict[str, Any]]]:
    """An open stream and its `ready`."""
    async with gateway.connect(f"{PATH}?{query}", **options) as socket:
        ready = await receive(socket)
        assert ready["type"] == "ready", ready
        yield socket, ready


async def until_type(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """All messages up to the first of this type."""
    heard = [await receive(socket)]
    while heard[-1]["type"] != kind:
        heard.append(await receive(socket))
    return heard


def only(kind: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] == kind]


def finals(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in only("transcript", messages) if message["final"]]


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


async def test_without_a_key_nothing_is_heard(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        for path in (PATH, "/v1/listen", "/ws"):
            async with gateway.connect(path) as socket:
                assert "key" in json.dumps(await receive(socket))
                assert await close_code(socket) == 4401


async def test_a_connection_without_any_transcriber_is_refused_at_once(gateway: RunningGateway) -> None:
    async with gateway.connect(PATH) as socket:
        error = await receive(socket)

        assert (error["code"], error["retry_after"]) == ("streams.full", admission.RETRY_SECONDS)
        assert await close_code(socket) == 1013
    assert await gateway.rows(sa.select(jobs.c.id)) == []


async def test_one_place_is_given_to_one_stream_of_many_that_come_at_once(start_gateway: StartGateway) -> None:
    async with (
        start_gateway(streams_per_worker=3) as gateway,
        start_gateway(streams_per_worker=3) as other,
        transcribing(gateway.settings.broker_url.get_secret_value()),
    ):
        await asyncio.gather(gateway.parts.broker.ready(), other.parts.broker.ready())
        sockets = [await replica.connect(PATH).__aenter__() for replica in (gateway, other) * 4]
        answers = [(await receive(socket)) for socket in sockets]
        admitted = [socket for socket, answer in zip(sockets, answers, strict=True) if answer["type"] == "ready"]
        assert [answer.get("code", "ready") for answer in answers].count("ready") == 3
        assert {await close_code(socket) for socket in sockets if socket not in admitted} == {1013}

        await send(admitted[0], type="end")
        await until_type(admitted[0], "done")
        async with streaming(gateway):
            pass
        for socket in sockets:
            await socket.close()


async def test_a_client_that_was_cut_off_resumes_at_another_gateway(
    gateway: RunningGateway, transcriber: Transcriber, start_gateway: StartGateway
) -> None:
    async with streaming(gateway, "interim=false") as (socket, ready):
        for chunk in (say("one"), silence(), say("two")):
            await socket.send(chunk)
        before = await until_type(socket, "utterance_end")
        while len(only("ack", before)) < 3:
            before.append(await receive(socket))
        socket.transport.abort()
    assert finals(before) == ["one"]

    async with start_gateway() as other:
        await other.parts.broker.ready()
        # It was told of two chunks only, and sends the third again.
        query = f"resume={ready['resume_token']}&after_seq=2&after_transcript=1"
        async with streaming(other, query) as (socket, again):
            for chunk in (say("two"), say("three"), silence()):
                await socket.send(chunk)
            await send(socket, type="end")
            after = await until_type(socket, "done")

    assert (again["stream_id"], again["seq"]) == (ready["stream_id"], 3)
    assert [ack["seq"] for ack in only("ack", after)] == [3, 4, 5]
    assert finals(after) == ["two three"]
    assert [message["seq"] for message in only("transcript", after)] == [2]
    assert after[-1] == {"type": "done", "duration": 0.5, "text": "one two three"}


async def test_who_comes_back_after_the_end_gets_the_words(gateway: RunningGateway, transcriber: Transcriber) -> None:
    async with streaming(gateway, "interim=false") as (socket, ready):
        await socket.send(say("one"))
        await send(socket, type="end")
        await until_type(socket, "done")

    async with streaming(gateway, f"resume={ready['resume_token']}") as (socket, _):
        heard = await until_type(socket, "done")

    assert finals(heard) == ["one"]
    assert heard[-1]["text"] == "one"


@pytest.mark.parametrize("spoil", [lambda token: token[:-1], lambda _: "job_1.x", lambda _: "x"])
async def test_only_the_right_token_resumes(gateway: RunningGateway, transcriber: Transcriber, spoil: Any) -> None:
    async with (
        streaming(gateway) as (_, ready),
        gateway.connect(f"{PATH}?resume={spoil(ready['resume_token'])}") as socket,
    ):
        assert (await receive(socket))["code"] == "stream.not_found"
        assert await close_code(socket) == 4400


async def test_what_one_key_streams_no_other_resumes(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        await gateway.parts.broker.ready()
        mine, theirs = [{"Authorization": f"Bearer {await gateway.create_key()}"} for _ in range(2)]
        async with (
            transcribing(gateway.settings.broker_url.get_secret_value()),
            streaming(gateway, additional_headers=mine) as (_, ready),
            gateway.connect(f"{PATH}?resume={ready['resume_token']}", additional_headers=theirs) as socket,
        ):
            assert (await receive(socket))["code"] == "stream.not_found"


async def test_chunks_nobody_has_cannot_be_resumed_after(gateway: RunningGateway, transcriber: Transcriber) -> None:
    async with streaming(gateway) as (socket, ready):
        await socket.send(silence())
        await receive(socket)
    async with gateway.connect(f"{PATH}?resume={ready['resume_token']}&after_seq=5") as socket:
        error = await receive(socket)

        assert error["code"] == "stream.unknown_seq"
        assert await close_code(socket) == 4400


async def test_a_transcriber_that_dies_costs_no_words_and_doubles_none(gateway: RunningGateway) -> None:
    url = gateway.settings.broker_url.get_secret_value()
    async with transcribing(url, stubborn=True) as first:
        socket = await gateway.connect(f"{PATH}?interim=false").__aenter__()
        ready = await receive(socket)
        for chunk in (say("one"), silence(), say("two")):
            await socket.send(chunk)
        heard = await until_type(socket, "utterance_end")
        stream = await first.stream(ready["stream_id"])
        await until(lambda: stream.seq == 3)
    async with transcribing(url) as second:
        again = await second.stream(ready["stream_id"])
        await socket.send(silence())
        await send(socket, type="end")
        heard += await until_type(socket, "done")
        await close_code(socket)

    assert again.run == 2
    assert finals(heard) == ["one", "two"]
    assert heard[-1]["text"] == "one two"


async def test_a_client_that_sends_nothing_is_told_so(start_gateway: StartGateway) -> None:
    async with start_gateway(stream_idle_seconds=0.3) as gateway:
        await gateway.parts.broker.ready()
        url = gateway.settings.broker_url.get_secret_value()
        async with transcribing(url), streaming(gateway) as (socket, _):
            assert (await receive(socket))["code"] == "stream.idle"
            assert await close_code(socket) == 4408


async def test_the_gateway_says_for_a_silent_client_that_it_is_there(
    gateway: RunningGateway, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "KEEPALIVE_SECONDS", 0.1)
    async with streaming(gateway) as (_, ready):
        stream = await transcriber.stream(ready["stream_id"])
        await until(lambda: stream.frames.count(FrameType.keepalive) >= 2)


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


async def test_who_is_far_ahead_is_read_no_further(
    gateway: RunningGateway, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "AHEAD_SECONDS", 1.0)
    async with streaming(gateway, "interim=false") as (socket, ready):
        await socket.send(say("on"))
        await until_type(socket, "speech_started")
        for _ in range(40):
            await socket.send(say("and on"))
        # More than a second is not taken, until what was said is recognised.
        stream = await transcriber.stream(ready["stream_id"])
        await until(lambda: stream.seq >= 11)
        await asyncio.sleep(0.2)
        waited = stream.seq
        await stream._flush()
        await until(lambda: stream.seq > waited)

    assert waited == 11


async def test_an_outage_of_the_queue_holds_the_client_up_and_loses_nothing(
    gateway: RunningGateway, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = topology.AUDIO_MAX_CHUNKS
    transcriber.deaf.clear()
    async with streaming(gateway, "interim=false") as (socket, ready):
        await transcriber.stream(ready["stream_id"])
        sending = asyncio.create_task(_send_all(socket, [b"\0\0"] * (full + 200)))
        taken = 0
        while taken < full:
            taken += (await receive(socket))["type"] == "ack"
        transcriber.deaf.set()
        while taken < full + 200:
            taken += (await receive(socket))["type"] == "ack"
        await sending
        stream = await transcriber.stream(ready["stream_id"])
        await until(lambda: stream.seq == full + 200)


async def _send_all(socket: ClientConnection, chunks: list[bytes]) -> None:
    for chunk in chunks:
        await socket.send(chunk)


async def test_a_queue_that_stays_full_ends_the_connection(
    gateway: RunningGateway, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HOLD_SECONDS", 0.3)
    transcriber.deaf.clear()
    big = bytes(gateway.settings.max_audio_size)
    async with streaming(gateway, max_queue=None) as (socket, _):
        sending = asyncio.create_task(_send_all(socket, [big] * 200))
        heard = await until_type(socket, "error")
        await asyncio.gather(sending, return_exceptions=True)
        assert heard[-1]["code"] == "stream.too_fast"
        assert await close_code(socket) == 4429
    transcriber.deaf.set()


async def test_a_client_that_never_reads_is_cut_off(
    gateway: RunningGateway, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_module, "SEND_SECONDS", 0.5)
    async with streaming(gateway, max_queue=1, ping_interval=None, compression=None) as (socket, ready):
        stream = await transcriber.stream(ready["stream_id"])
        socket.transport.pause_reading()
        long = "word " * 10_000
        for _ in range(200):
            await stream.tell(
                EventType.output,
                type="transcript", final=True, start=0.0, end=1.0, text=long, covers=0.0,
            )  # fmt: skip
        await until(lambda: gateway.places() == 0)


async def test_the_gateway_says_goodbye_when_it_stops(start_gateway: StartGateway) -> None:
    async with start_gateway() as gateway:
        await gateway.parts.broker.ready()
        async with transcribing(gateway.settings.broker_url.get_secret_value()):
            socket = await gateway.connect(PATH).__aenter__()
            await receive(socket)
            listening = await gateway.connect("/v1/events").__aenter__()
    assert await close_code(socket) == 1001
    assert await close_code(listening) == 1001


async def test_a_key_holds_only_so_many_connections(start_gateway: StartGateway) -> None:
    async with start_gateway(max_sockets_per_key=1) as gateway:
        await gateway.parts.broker.ready()
        url = gateway.settings.broker_url.get_secret_value()
        async with transcribing(url), streaming(gateway), gateway.connect(PATH) as socket:
            assert (await receive(socket))["code"] == "streams.too_many"
            assert await close_code(socket) == 4429


async def test_a_container_is_measured_by_the_transcriber(gateway: RunningGateway, transcriber: Transcriber) -> None:
    async with streaming(gateway, "encoding=container&interim=false") as (socket, _):
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(SECONDS):
            while not heard or heard[-1]["audio_ms"] == 0:
                await socket.send(silence())
                heard += only("ack", await until_type(socket, "ack"))

    assert heard[0]["audio_ms"] == 0
    assert heard[-1]["audio_ms"] % 100 == 0
