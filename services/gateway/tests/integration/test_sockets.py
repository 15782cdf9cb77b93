"""`WS /v1/events`: one socket watches many jobs; whatever a client sends, it is told what is wrong."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.streams import socket as socket_module

from .conftest import StartGateway
from .support import SECONDS, RunningGateway, close_code, receive, send, until


async def events(socket: ClientConnection, count: int) -> list[tuple[str, str]]:
    """Job and id of the next events."""
    messages = [await receive(socket) for _ in range(count)]
    assert {message["type"] for message in messages} == {"event"}
    return [(message["job_id"], message["id"]) for message in messages]


async def test_a_watched_job_is_told_from_its_start_to_its_end(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    async with gateway.connect("/v1/events") as socket:
        await send(socket, type="watch", job_id=job["id"])
        queued = await receive(socket)
        await run.start()
        await run.progress("halfway", percent=50)
        await run.complete(answer="7")
        rest = [await receive(socket) for _ in range(3)]

    assert queued == {**queued, "type": "event", "job_id": job["id"], "id": "0-0", "event": "queued", "data": {}}
    assert [(message["id"], message["event"]) for message in rest] == [
        ("1-1", "started"),
        ("1-2", "progress"),
        ("1-3", "completed"),
    ]
    assert rest[1]["data"]["message"] == "halfway"
    assert rest[2]["data"]["brief"] == {"answer": "7"}


async def test_one_socket_watches_many_jobs(gateway: RunningGateway) -> None:
    made = [(await gateway.http.ask())["id"] for _ in range(5)]
    async with gateway.connect("/v1/events") as socket:
        for job_id in made:
            await send(socket, type="watch", job_id=job_id)
            await gateway.run(job_id).finish()
        seen = await events(socket, 15)

    for job_id in made:
        assert [position for job, position in seen if job == job_id] == ["0-0", "1-1", "1-2"]


async def test_watching_resumes_after_the_last_event_seen(gateway: RunningGateway) -> None:
    job_id = (await gateway.http.ask())["id"]
    await gateway.run(job_id).finish()
    async with gateway.connect("/v1/events") as socket:
        await send(socket, type="watch", job_id=job_id, after="1-1")
        assert await events(socket, 1) == [(job_id, "1-2")]


async def test_watching_again_starts_anew(gateway: RunningGateway) -> None:
    job_id = (await gateway.http.ask())["id"]
    async with gateway.connect("/v1/events") as socket:
        for _ in range(2):
            await send(socket, type="watch", job_id=job_id, after=None)
            assert await events(socket, 1) == [(job_id, "0-0")]
        await gateway.run(job_id).finish()
        assert await events(socket, 2) == [(job_id, "1-1"), (job_id, "1-2")]


async def test_a_job_no_longer_watched_is_silent(gateway: RunningGateway) -> None:
    quiet, other = [(await gateway.http.ask())["id"] for _ in range(2)]
    async with gateway.connect("/v1/events") as socket:
        for job_id in (quiet, other):
            await send(socket, type="watch", job_id=job_id)
        await events(socket, 2)
        await send(socket, type="unwatch", job_id=quiet)
        await send(socket, type="unwatch", job_id="job_never_watched")
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}
        await gateway.run(quiet).finish()
        await gateway.run(other).finish()
        assert await events(socket, 2) == [(other, "1-1"), (other, "1-2")]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"job_id": "job_unknown"}, "job.not_found"),
        ({"job_id": ""}, "job.not_found"),
        ({"job_id": "job_unknown", "after": "x"}, "event_id.invalid"),
    ],
)
async def test_a_job_that_cannot_be_watched_is_an_error_and_the_socket_goes_on(
    gateway: RunningGateway, message: dict[str, Any], code: str
) -> None:
    async with gateway.connect("/v1/events") as socket:
        await send(socket, type="watch", **message)
        error = await receive(socket)
        await send(socket, type="ping")

        assert (error["type"], error["code"], error["job_id"]) == ("error", code, message["job_id"])
        assert error["message"]
        assert await receive(socket) == {"type": "pong"}


@pytest.mark.parametrize(
    ("frame", "code", "closed_with"),
    [
        ("{not json", "message.not_json", 4400),
        ("", "message.not_json", 4400),
        ("[" * 60_000, "message.not_json", 4400),
        ("[1]", "message.not_an_object", 4400),
        ('"watch"', "message.not_an_object", 4400),
        ("{}", "message.unknown_type", 4400),
        ('{"type": "dance"}', "message.unknown_type", 4400),
        ('{"type": {"a": [1]}}', "message.unknown_type", 4400),
        ('{"type": "watch"}', "message.invalid", 4400),
        ('{"type": "watch", "job_id": 7}', "message.invalid", 4400),
        ('{"type": "watch", "job_id": "a", "after": 7}', "message.invalid", 4400),
        ('{"type": "unwatch"}', "message.invalid", 4400),
        ('{"type": "watch", "job_id": "a\\u0000b"}', "request.invalid", 4400),
        ('{"type": "watch", "job_id": "\\ud800"}', "request.invalid", 4400),
        (b'{"type": "ping"}', "message.not_text", 4400),
        ("x" * 10_000_000, "message.too_large", 1009),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_message_that_cannot_be_is_answered_and_ends_the_socket(
    gateway: RunningGateway, frame: str | bytes, code: str, closed_with: int
) -> None:
    async with gateway.connect("/v1/events") as socket:
        await socket.send(frame)
        error = await receive(socket)

        assert (error["type"], error["code"]) == ("error", code)
        assert error["message"]
        assert await close_code(socket) == closed_with


async def test_a_frame_beyond_all_limits_is_refused_by_the_server(start_gateway: StartGateway) -> None:
    async with start_gateway(max_upload_bytes=1000) as gateway, gateway.connect("/v1/events") as socket:
        with contextlib.suppress(ConnectionClosed):  # it may be refused before all of it is sent
            await socket.send("x" * 5_000_000)

        assert await close_code(socket) == 1009


async def test_one_bad_client_disturbs_no_other(gateway: RunningGateway) -> None:
    job_id = (await gateway.http.ask())["id"]
    async with gateway.connect("/v1/events") as good:
        await send(good, type="watch", job_id=job_id)
        await events(good, 1)
        for _ in range(10):
            async with gateway.connect("/v1/events") as bad:
                await send(bad, type="watch", job_id=job_id)
                await bad.send("{")
                await close_code(bad)
        await gateway.run(job_id).finish()
        assert await events(good, 2) == [(job_id, "1-1"), (job_id, "1-2")]


async def test_only_so_many_jobs_on_one_socket(start_gateway: StartGateway) -> None:
    async with start_gateway(max_watches_per_socket=2) as gateway:
        made = [(await gateway.http.ask())["id"] for _ in range(3)]
        async with gateway.connect("/v1/events") as socket:
            for job_id in made:
                await send(socket, type="watch", job_id=job_id)
            answers = [await receive(socket) for _ in range(3)]
            [error] = [answer for answer in answers if answer["type"] == "error"]
            assert (error["code"], error["job_id"]) == ("watches.too_many", made[2])

            # A job that ended makes room.
            await gateway.run(made[0]).finish()
            await events(socket, 2)
            await until(lambda: watched_again(socket, made[2]))


async def watched_again(socket: ClientConnection, job_id: str) -> bool:
    await send(socket, type="watch", job_id=job_id)
    return str((await receive(socket))["type"]) == "event"


async def test_only_so_many_sockets_for_one_key(start_gateway: StartGateway) -> None:
    async with start_gateway(max_sockets_per_key=1, auth="keys") as gateway:
        ann, eve = [{"Authorization": f"Bearer {await gateway.create_key(name)}"} for name in ("Ann", "Eve")]
        async with gateway.connect("/v1/events", additional_headers=ann):
            async with gateway.connect("/v1/events", additional_headers=ann) as second:
                assert (await receive(second))["code"] == "streams.too_many"
                assert await close_code(second) == 4429
            async with gateway.connect("/v1/events", additional_headers=eve) as other:
                await send(other, type="ping")
                assert await receive(other) == {"type": "pong"}

        async def there_is_a_place() -> bool:
            async with gateway.connect("/v1/events", additional_headers=ann) as again:
                await send(again, type="ping")
                return await receive(again) == {"type": "pong"}

        await until(there_is_a_place)


async def test_a_socket_without_a_key_is_told_so(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway, gateway.connect("/v1/events") as socket:
        error = await receive(socket)

        assert (error["type"], error["code"]) == ("error", "key.invalid")
        assert await close_code(socket) == 4401


@pytest.mark.parametrize("path", ["/v1/events", "/ws/analyze/ses_1"])
async def test_pages_of_other_sites_may_not_connect(start_gateway: StartGateway, path: str) -> None:
    """Not even with a key. Without keys there is more to refuse: see `test_guard.py`."""
    async with start_gateway(auth="keys") as gateway:
        headers = {"Authorization": f"Bearer {await gateway.create_key()}"}
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            with pytest.raises(InvalidStatus) as refused:
                async with gateway.connect(path, origin=origin, additional_headers=headers):
                    pass
            assert refused.value.response.status_code == 403


async def test_pages_of_this_host_and_of_named_origins_may_connect(start_gateway: StartGateway) -> None:
    async with start_gateway(cors_origins=["https://tools.example"]) as gateway:
        for origin in (gateway.url, "https://tools.example"):
            async with gateway.connect("/v1/events", origin=origin) as socket:
                await send(socket, type="ping")
                assert await receive(socket) == {"type": "pong"}


async def test_a_client_that_takes_nothing_is_cut_off(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_module, "SEND_SECONDS", 0.2)
    job_id = (await gateway.http.ask())["id"]
    run = gateway.run(job_id)
    async with gateway.connect("/v1/events", max_queue=1, ping_interval=None, compression=None) as socket:
        await send(socket, type="watch", job_id=job_id)
        await receive(socket)
        socket.transport.pause_reading()
        await run.start()
        for _ in range(200):
            await run.progress("x" * 100_000)

        await until(lambda: gateway.places() == 0)
        socket.transport.resume_reading()
        async with asyncio.timeout(SECONDS):
            await drain(socket)

        assert socket.close_code in {1006, 1013}


async def drain(socket: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await socket.recv()


async def test_the_gateway_says_goodbye_when_it_stops(start_gateway: StartGateway) -> None:
    async with start_gateway() as gateway:
        socket = await gateway.connect("/v1/events").__aenter__()
        await socket.send(json.dumps({"type": "ping"}))
        await receive(socket)

    assert await close_code(socket) in {1001, 1012}
