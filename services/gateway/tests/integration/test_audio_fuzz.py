"""Whatever is sent to the sockets for audio: an error with a type or a proper close, never a crash."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from .conftest import StartGateway
from .support import SECONDS, RunningGateway, receive, until
from .transcriber import say, transcribing

ENDS = {
    "/v1/audio/stream?interim=false": {"type": "end"},
    "/v1/listen?encoding=linear16&sample_rate=16000": {"type": "CloseStream"},
    "/ws": None,
}
"""What each protocol says at the end; earlier clients leave."""
PROPER = {1000, 1009, 4400}
LAST = {"done", "Metadata"}
bounded = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

types = st.sampled_from(["end", "finalize", "keepalive", "KeepAlive", "Finalize", "CloseStream", "ready", "ack", ""])
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
objects = st.fixed_dictionaries({}, optional={"type": types | values, "seq": values, "audio": values}).map(json.dumps)
nested = st.integers(1, 2000).map(lambda depth: f'{{"type": {"[" * depth}{"]" * depth}}}')
huge = st.sampled_from(
    [bytes(2 * 1024 * 1024), bytes(5 * 1024 * 1024), "x" * 70_000, json.dumps({"type": "x" * 60_000}), '"\\ud800"']
)
frames = st.lists(
    st.one_of(st.binary(max_size=2000), st.text(max_size=50), objects, values.map(json.dumps), nested, huge),
    max_size=6,
)
fields = ("encoding", "sample_rate", "channels", "language", "interim", "resume", "after_seq", "after_transcript")
odd = st.sampled_from(
    ["", "0", "-1", "1e9", "9" * 30, "NaN", "\0", "job_1.\0", "container", "linear16", "en", "\ud7ff"]
)
queries = st.dictionaries(st.sampled_from(fields) | st.text(max_size=5), odd | st.text(max_size=30), max_size=4)


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> AsyncIterator[RunningGateway]:
    """A gateway with places for all whom these tests leave behind, and somebody who listens to them."""
    async with start_gateway(streams_per_worker=1000, max_sockets_per_key=1000) as started:
        await started.parts.broker.ready()
        async with transcribing(started.settings.broker_url.get_secret_value()):
            yield started
            await check_alive(started)


async def check_alive(gateway: RunningGateway) -> None:
    """Nobody is connected any more, and the next client is served."""
    await until(lambda: gateway.places() == 0)
    async with gateway.connect("/v1/listen?encoding=linear16&sample_rate=16000") as socket:
        await socket.send(say("fine"))
        await socket.send('{"type": "CloseStream"}')
        results = await receive(socket)
    assert results["channel"]["alternatives"][0]["transcript"] == "fine"


async def everything(socket: ClientConnection) -> list[dict[str, Any]]:
    """All messages until the connection ends, or there is nothing more to come."""
    heard: list[dict[str, Any]] = []
    with suppress(ConnectionClosed):
        async with asyncio.timeout(SECONDS):
            async for message in socket:
                heard.append(json.loads(message))  # noqa: PERF401  what came before a bad end counts too
    return heard


async def told(socket: ClientConnection, sent: list[bytes | str], end: dict[str, str] | None) -> list[dict[str, Any]]:
    """What a client hears that sends this, and ends as it should."""
    hearing = asyncio.create_task(everything(socket))
    with suppress(ConnectionClosed):
        for frame in sent:
            await socket.send(frame)
        if end is None:
            await socket.close()
        else:
            await socket.send(json.dumps(end))
    return await hearing


@pytest.mark.parametrize(("path", "end"), ENDS.items())
@bounded
@example(sent=[b"\0", '{"type": "end"}', '{"type": "CloseStream"}', b"late", "late"])
@example(sent=[b"\0", *(f'{{"type": {"[" * depth}{"]" * depth}}}' for depth in range(850, 1000))])
@given(sent=frames)
async def test_any_frames_are_answered_with_a_type_and_a_proper_end(
    gateway: RunningGateway, path: str, end: dict[str, str] | None, sent: list[bytes | str]
) -> None:
    async with gateway.connect(path, max_queue=None) as socket:
        heard = await told(socket, sent, end)

    assert socket.close_code in PROPER, heard
    for message in heard:
        kind = message.get("type") or message.get("status")
        assert kind, message
        if kind in {"error", "Error"}:
            assert message["code"]
            assert message["code"] != "internal"
    if end is not None and socket.close_code == 1000:
        assert heard[-1]["type"] in LAST


@pytest.mark.parametrize("path", ["/v1/audio/stream", "/v1/listen", "/ws"])
@bounded
@example(query={"resume": "job_1\0.x"})
@given(query=queries)
async def test_any_address_is_served_or_refused(gateway: RunningGateway, path: str, query: dict[str, str]) -> None:
    async with gateway.connect(f"{path}?{urlencode(query, errors='replace')}") as socket:
        end = {"type": "end" if "stream" in path else "CloseStream"}
        heard = await told(socket, [], None if path == "/ws" else end)

    assert socket.close_code in PROPER, heard
    if socket.close_code == 4400:
        assert heard[-1]["code"].startswith(("request.", "stream.", "audio.")), heard


@pytest.mark.parametrize("path", list(ENDS))
@bounded
@given(garbage=st.binary(min_size=1, max_size=200))
async def test_bytes_that_are_no_websocket_frames_end_this_connection_only(
    gateway: RunningGateway, path: str, garbage: bytes
) -> None:
    async with gateway.connect(path) as socket, gateway.connect(path) as other:
        await socket.send(b"\0")
        socket.transport.write(garbage)
        socket.transport.write_eof()
        heard = await everything(socket)
        await other.send(b"\0")
        async with asyncio.timeout(SECONDS):
            await (await other.ping())

    assert socket.close_code not in {1011, 1012}, heard
    assert other.close_code == 1000
