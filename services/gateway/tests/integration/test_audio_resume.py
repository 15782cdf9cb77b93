"""`WS /v1/audio/stream` when a connection or a transcriber is lost in the middle: no word is, and none comes twice."""

from typing import Any

import pytest

from .audio_stream import PATH, finals, only, streaming, until_type
from .conftest import StartGateway
from .support import RunningGateway, close_code, receive, send, until
from .transcriber import Transcriber, say, silence, transcribing


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
