"""`WS /ws` and `WS /v1/listen`: live audio in the words of the earlier clients, and of Deepgram's."""

import json
from typing import Any

import pytest

from gateway.streams.audio import earlier
from warren.contracts.transcriber import Encoding

from .conftest import StartGateway
from .support import RunningGateway, close_code, receive, send, until
from .transcriber import Transcriber, say, silence, transcribing

LISTEN = "/v1/listen?encoding=linear16&sample_rate=16000"


async def open_streams(gateway: RunningGateway) -> list[dict[str, Any]]:
    jobs = (await gateway.http.get("/v1/jobs?kind=transcriber.stream")).json()["data"]
    return [job for job in jobs if job["completed_at"] is None]


# Earlier clients ------------------------------------------------------------------------------------------------------


async def test_a_chunk_is_received_and_its_words_come_with_the_client(
    gateway: RunningGateway, transcriber: Transcriber
) -> None:
    async with gateway.connect("/ws") as socket:
        await socket.send(say("hello")[:1024])
        received = await receive(socket)
        await socket.send(silence())
        rest = [await receive(socket) for _ in range(2)]

    assert received == {"status": "received", "size": 1024}
    assert {"status": "received", "size": 3200} in rest
    (transcript,) = [message for message in rest if message["status"] == "transcript"]
    assert transcript == {"client_id": transcript["client_id"], "text": "hello", "status": "transcript"}
    assert isinstance(transcript["client_id"], int)


async def test_what_was_said_is_told_when_nothing_more_comes(
    gateway: RunningGateway, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier.Earlier, "quiet_seconds", 0.1)
    async with gateway.connect("/ws") as socket:
        await socket.send(say("hello"))
        await receive(socket)

        assert (await receive(socket))["text"] == "hello"


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (b"", "Audio data is empty"),
        (bytes(2_000_000), "Audio data is too large: a chunk may have up to 1048576 bytes."),
        ("hello", "Send audio as binary frames, not as text."),
    ],
)
async def test_what_cannot_be_is_an_error_and_the_connection_goes_on(
    gateway: RunningGateway, transcriber: Transcriber, frame: bytes | str, error: str, begun: bool
) -> None:
    async with gateway.connect("/ws") as socket:
        if begun:
            await socket.send(silence())
            await receive(socket)
        await socket.send(frame)
        said = await receive(socket)
        await socket.send(silence())

        assert said == {"error": error, "status": "error", "code": said["code"]}
        assert (await receive(socket))["status"] == "received"


async def test_a_connection_that_sends_nothing_takes_no_place_and_one_that_ends_frees_its_own(
    gateway: RunningGateway, transcriber: Transcriber
) -> None:
    async with gateway.connect("/ws") as socket:
        assert await open_streams(gateway) == []
        await socket.send(silence())
        await receive(socket)
        assert len(await open_streams(gateway)) == 1

    async def freed() -> bool:
        return not await open_streams(gateway)

    await until(freed)


async def test_above_capacity_the_first_chunk_is_refused(gateway: RunningGateway) -> None:
    async with gateway.connect("/ws") as socket:
        await socket.send(silence())
        said = await receive(socket)

        assert (said["status"], said["code"]) == ("error", "streams.full")
        assert await close_code(socket) == 1013


@pytest.mark.parametrize(
    ("first", "encoding"),
    [
        (b"RIFF....WAVE", Encoding.container),
        (b"\x1a\x45\xdf\xa3", Encoding.container),
        (b"OggS", Encoding.container),
        (b"ID3\x04", Encoding.container),
        (b"\xff\xfb\x90", Encoding.container),
        (b"\0\0\0\x18ftypM4A ", Encoding.container),
        (b"\0" * 1024, Encoding.linear16),
        (b"\x01", Encoding.linear16),
    ],
)
def test_the_format_is_guessed_from_the_first_bytes(first: bytes, encoding: Encoding) -> None:
    assert earlier.guessed(first).encoding is encoding


async def test_the_settings_are_shown_without_the_password(gateway: RunningGateway) -> None:
    config = (await gateway.http.get("/config")).json()
    url = gateway.settings.broker_url.get_secret_value()
    password = url.split("@")[0].rsplit(":", 1)[1]

    assert config["MAX_AUDIO_SIZE"] == 1_048_576
    assert config["RABBITMQ_URL"].startswith("amqp://warren@127.0.0.1:")
    assert password not in json.dumps(config)


async def test_the_settings_need_a_key_where_all_does(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        assert (await gateway.http.get("/config")).status_code == 401


@pytest.mark.parametrize(
    ("accept", "json_wanted"),
    [("application/json", True), ("text/html,application/xhtml+xml", False), ("*/*", False), ("", False)],
)
async def test_the_root_is_json_for_who_asks_for_it(gateway: RunningGateway, accept: str, json_wanted: bool) -> None:
    response = await gateway.http.get("/", headers={"Accept": accept})

    assert response.headers["content-type"].startswith("application/json") is json_wanted
    if json_wanted:
        assert response.json() == {"message": "WebSocket Service is running"}


# Deepgram's clients ---------------------------------------------------------------------------------------------------


async def heard(gateway: RunningGateway, options: str = "", *messages: bytes | dict[str, str]) -> list[dict[str, Any]]:
    """All that is said to a client that sends this and closes the stream."""
    async with gateway.connect(f"{LISTEN}&{options}") as socket:
        for message in (*messages, {"type": "CloseStream"}):
            await socket.send(message if isinstance(message, bytes) else json.dumps(message))
        told = [json.loads(message) async for message in socket]
        assert socket.close_code == 1000
        return told


async def test_results_and_metadata(gateway: RunningGateway, transcriber: Transcriber) -> None:
    results, metadata = await heard(gateway, "model=nova-3&language=en", say("hello"), {"type": "KeepAlive"})

    assert results["type"] == "Results"
    assert (results["start"], results["duration"]) == (0.0, 0.1)
    assert (results["is_final"], results["speech_final"], results["from_finalize"]) == (True, True, False)
    (alternative,) = results["channel"]["alternatives"]
    assert (alternative["transcript"], alternative["confidence"]) == ("hello", 0.5)
    assert alternative["words"] == [
        {"word": "hello", "punctuated_word": "hello", "start": 0.0, "end": 0.1, "confidence": 0.5}
    ]
    assert (metadata["type"], metadata["duration"], metadata["channels"]) == ("Metadata", 0.1, 1)
    assert metadata["request_id"] == results["metadata"]["request_id"]


async def test_events_and_interim_results_come_to_who_wants_them(
    gateway: RunningGateway, transcriber: Transcriber
) -> None:
    wanted = "interim_results=true&vad_events=true&utterance_end_ms=1000"
    told = await heard(gateway, wanted, silence(), say("hello"), silence())

    assert [message["type"] for message in told] == ["SpeechStarted", "Results", "Results", "UtteranceEnd", "Metadata"]
    assert [message["is_final"] for message in told[1:3]] == [False, True]
    assert (told[0]["timestamp"], told[3]["last_word_end"]) == (0.1, 0.2)


async def test_finalize_is_marked(gateway: RunningGateway, transcriber: Transcriber) -> None:
    told = await heard(gateway, "", say("one"), {"type": "Finalize"}, say("two"))
    results = [message for message in told if message["type"] == "Results"]

    assert [result["channel"]["alternatives"][0]["transcript"] for result in results] == ["one", "two"]
    assert results[0]["from_finalize"] is True


@pytest.mark.parametrize("message", [{"type": "Dance"}, {}])
async def test_an_unknown_message_is_an_error_and_the_stream_goes_on(
    gateway: RunningGateway, transcriber: Transcriber, message: dict[str, str]
) -> None:
    told = await heard(gateway, "", message, say("hello"))

    assert [item["type"] for item in told] == ["Error", "Results", "Metadata"]


@pytest.mark.parametrize(
    "query", ["encoding=g729", "encoding=linear16", "encoding=linear16&sample_rate=1", "channels=9", "vad_events=7"]
)
async def test_options_that_cannot_be_end_the_connection(gateway: RunningGateway, query: str) -> None:
    async with gateway.connect(f"/v1/listen?{query}") as socket:
        assert (await receive(socket))["type"] == "Error"
        assert await close_code(socket) == 4400


async def test_a_key_may_come_as_token(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        await gateway.parts.broker.ready()
        secret = await gateway.create_key()
        async with transcribing(gateway.settings.broker_url.get_secret_value()):
            for options in (
                {"additional_headers": {"Authorization": f"Token {secret}"}},
                {"subprotocols": ["token", secret]},
            ):
                async with gateway.connect(LISTEN, **options) as socket:
                    await send(socket, type="CloseStream")
                    assert (await receive(socket))["type"] == "Metadata"
