"""Server-Sent Events: one job's events, resumable from the last id the client saw."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from gateway import views
from gateway.problems import Problem
from gateway.service import Gateway
from gateway.streams.places import GoingAway, KeyRevoked, Place
from gateway.watches import START, Position
from warren.contracts.events import JobEvent

KEEPALIVE_SECONDS = 15.0
"""A comment this often keeps proxies from closing a quiet stream."""

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_POSITION = re.compile(r"(\d{1,6})-(\d{1,9})")


def parse_position(text: str | None) -> Position:
    """`1-17` → (1, 17); the start when empty. Raises a 422 `Problem`."""
    if not text:
        return START
    found = _POSITION.fullmatch(text)
    if found is None:
        raise Problem(422, "event_id.invalid", f"{text!r} is not an event id; they look like 1-17.")
    return int(found.group(1)), int(found.group(2))


def event_stream(request: Request, events: AsyncGenerator[JobEvent], key_id: str) -> StreamingResponse:
    """The response that streams these events. Raises a 429 `Problem` when the key holds too many streams."""
    gateway: Gateway = request.app.state.gateway
    gateway.places.check(key_id)

    async def lines() -> AsyncIterator[str]:
        with gateway.places.taken(key_id) as place:
            async with aclosing(with_keepalive(events, place)) as stream:
                async for event in stream:
                    yield ": keep-alive\n\n" if event is None else encode(event)

    return StreamingResponse(lines(), media_type="text/event-stream", headers=HEADERS)


def encode(event: JobEvent) -> str:
    data = to_json(views.event(event), inf_nan_mode="null").decode()
    return f"id: {event.id}\nevent: {event.type}\ndata: {data}\n\n"


async def with_keepalive(events: AsyncGenerator[JobEvent], place: Place) -> AsyncGenerator[JobEvent | None]:
    """The events, with None whenever nothing came for a while; they end with the key or the gateway."""
    upcoming: asyncio.Task[JobEvent] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(anext(events))
            try:
                happened = await place.wait(upcoming, KEEPALIVE_SECONDS)
            except (KeyRevoked, GoingAway):
                return
            if not happened:
                yield None
                continue
            finished, upcoming = upcoming, None
            try:
                yield finished.result()
            except StopAsyncIteration:
                return
    finally:
        if upcoming is not None:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)
        await events.aclose()
