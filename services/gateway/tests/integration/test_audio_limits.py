"""`WS /v1/audio/stream` for too many, too fast, too silent or deaf clients, and at the gateway's end."""

import asyncio
import json
from contextlib import suppress

import pytest
import sqlalchemy as sa
from websockets.asyncio.client import ClientConnection

from gateway.models import jobs
from gateway.streams import socket as socket_module
from gateway.streams.audio import admission, live, progress
from warren import topology
from warren.audio import FrameType
from warren.contracts.events import EventType

from .audio_stream import PATH, streaming, until_type
from .conftest import StartGateway
from .support import RunningGateway, close_code, receive, send, until
from .transcriber import Transcriber, say, transcribing

QUIET_SECONDS = 0.5
"""Who hears nothing for so long is held up, or the machine is slow."""


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


async def test_a_key_holds_only_so_many_connections(start_gateway: StartGateway) -> None:
    async with start_gateway(max_sockets_per_key=1) as gateway:
        await gateway.parts.broker.ready()
        url = gateway.settings.broker_url.get_secret_value()
        async with transcribing(url), streaming(gateway), gateway.connect(PATH) as socket:
            assert (await receive(socket))["code"] == "streams.too_many"
            assert await close_code(socket) == 4429


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
        socket.transport.abort()  # the gateway reads no further, and so no goodbye either

    assert waited == 11


async def test_an_outage_of_the_queue_holds_the_client_up_and_loses_nothing(
    gateway: RunningGateway, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, more = 300, 200
    monkeypatch.setattr(topology, "AUDIO_MAX_CHUNKS", full)
    transcriber.deaf.clear()
    async with streaming(gateway, "interim=false") as (socket, ready):
        await transcriber.stream(ready["stream_id"])
        sending = asyncio.create_task(_send_all(socket, [b"\0\0"] * (full + more)))
        taken = 0
        while taken < full:
            taken += (await receive(socket))["type"] == "ack"
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(QUIET_SECONDS):
                    taken += json.loads(await socket.recv())["type"] == "ack"
        assert taken < full + more, "the client is held up"
        transcriber.deaf.set()
        while taken < full + more:
            taken += (await receive(socket))["type"] == "ack"
        await sending
        stream = await transcriber.stream(ready["stream_id"])
        await until(lambda: stream.seq == full + more)


async def test_a_queue_that_stays_full_ends_the_connection(
    gateway: RunningGateway, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HOLD_SECONDS", 0.3)
    monkeypatch.setattr(topology, "AUDIO_MAX_BYTES", 1_000_000)
    transcriber.deaf.clear()
    big = bytes(250_000)
    async with streaming(gateway, max_queue=None) as (socket, _):
        sending = asyncio.create_task(_send_all(socket, [big] * 200))
        heard = await until_type(socket, "error")
        await asyncio.gather(sending, return_exceptions=True)
        assert heard[-1]["code"] == "stream.too_fast"
        assert await close_code(socket) == 4429
    transcriber.deaf.set()


async def _send_all(socket: ClientConnection, chunks: list[bytes]) -> None:
    for chunk in chunks:
        await socket.send(chunk)


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
            if gateway.places() == 0:
                break
        await until(lambda: gateway.places() == 0)
        socket.transport.abort()  # its goodbye could not be read


async def test_the_gateway_says_goodbye_when_it_stops(start_gateway: StartGateway) -> None:
    async with start_gateway() as gateway:
        await gateway.parts.broker.ready()
        async with transcribing(gateway.settings.broker_url.get_secret_value()):
            socket = await gateway.connect(PATH).__aenter__()
            await receive(socket)
            listening = await gateway.connect("/v1/events").__aenter__()
    assert await close_code(socket) == 1001
    assert await close_code(listening) == 1001
