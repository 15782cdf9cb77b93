"""`GET /v1/jobs/{id}/events`: Server-Sent Events that can be resumed."""

import json
from typing import Any

import pytest

from gateway.streams import sse

from .conftest import StartGateway
from .support import RunningGateway, until


def parse(text: str) -> list[dict[str, Any]]:
    """The events of a stream: `id`, `event` and `data` each."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [{**event, "data": json.loads(event["data"])} for event in events]


async def finished(gateway: RunningGateway) -> dict[str, Any]:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    await run.start()
    await run.progress("Attempt 1/3: running…\nreally", percent=50)
    await run.complete()
    return await gateway.http.ended(job["id"])


async def test_the_stream_tells_every_event_and_ends_with_the_job(gateway: RunningGateway) -> None:
    job = await finished(gateway)
    response = await gateway.http.get(job["urls"]["events"])
    events = parse(response.text)

    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert [(event["id"], event["event"]) for event in events] == [
        ("0-0", "queued"),
        ("1-1", "started"),
        ("1-2", "progress"),
        ("1-3", "completed"),
    ]
    assert events[2]["data"]["job_id"] == job["id"]
    assert events[2]["data"]["data"]["message"] == "Attempt 1/3: running…\nreally"
    assert events[2]["data"]["data"]["percent"] == 50


async def test_events_come_while_they_happen(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    seen = []
    async with gateway.http.stream("GET", job["urls"]["events"]) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("event:"):
                continue
            seen.append(line.removeprefix("event: "))
            next_step = {"queued": run.start, "started": run.progress, "progress": run.complete}.get(seen[-1])
            if next_step is not None:
                await next_step()

    assert seen == ["queued", "started", "progress", "completed"]


@pytest.mark.parametrize("how", ["Last-Event-ID", "after"])
@pytest.mark.parametrize(("last", "rest"), [("0-0", 3), ("1-2", 1), ("1-3", 0)])
async def test_a_client_that_comes_back_misses_nothing(gateway: RunningGateway, how: str, last: str, rest: int) -> None:
    job = await finished(gateway)
    given: dict[str, Any] = {"params": {"after": last}} if how == "after" else {"headers": {how: last}}
    response = await gateway.http.get(job["urls"]["events"], **given)

    assert [event["id"] for event in parse(response.text)] == ["1-1", "1-2", "1-3"][3 - rest :]


async def test_what_the_browser_says_wins_over_the_address(gateway: RunningGateway) -> None:
    job = await finished(gateway)
    response = await gateway.http.get(f"{job['urls']['events']}?after=0-0", headers={"Last-Event-ID": "1-2"})

    assert [event["id"] for event in parse(response.text)] == ["1-3"]


@pytest.mark.parametrize("position", ["x", "1", "1-", "-1", "1-2-3", "1-x", "9999999-1", "1 2"])
async def test_a_position_that_is_none_is_422(gateway: RunningGateway, position: str) -> None:
    job = await gateway.http.ask()
    response = await gateway.http.get(job["urls"]["events"], params={"after": position})

    assert response.status_code == 422
    assert response.json()["code"] == "event_id.invalid"


async def test_a_quiet_stream_is_kept_alive(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.05)
    job = await gateway.http.ask()
    comments = 0
    async with gateway.http.stream("GET", job["urls"]["events"]) as stream:
        async for line in stream.aiter_lines():
            comments += line.startswith(":")
            if comments == 3:
                await gateway.run(job["id"]).finish()

    assert comments >= 3


async def test_where_results_are_kept_is_nobodys_business(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    await run.start()
    await run.complete()
    events = parse((await gateway.http.get(job["urls"]["events"])).text)

    assert "result_blob" not in events[-1]["data"]["data"]
    assert "artifacts" not in events[-1]["data"]["data"]


async def test_a_key_may_hold_only_so_many_streams(start_gateway: StartGateway) -> None:
    async with start_gateway(max_sockets_per_key=2) as gateway:
        job = await gateway.http.ask()
        path = job["urls"]["events"]
        async with gateway.http.stream("GET", path) as first, gateway.http.stream("GET", path) as second:
            reading = [stream.aiter_lines() for stream in (first, second)]
            for lines in reading:
                await anext(lines)
            refused = await gateway.http.get(path)

        assert refused.status_code == 429
        assert refused.json()["code"] == "streams.too_many"
        assert refused.headers["Retry-After"]

        await gateway.run(job["id"]).finish()

        async def there_is_a_place() -> bool:
            return (await gateway.http.get(path)).status_code == 200

        await until(there_is_a_place)
