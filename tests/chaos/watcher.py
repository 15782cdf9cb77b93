"""A client that follows a job as clients should: it connects again from the last event it saw."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise
from typing import Any

import httpx2
import websockets

RECONNECT_SECONDS = 0.1

Event = dict[str, Any]
Url = Callable[[], str]
"""Where a gateway is now: it may have moved when one comes back."""


class Watcher:
    """Everything it was told about one job, in order. `reconnects` counts how often the stream broke off."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.events: list[Event] = []
        self.reconnects = 0

    @property
    def last_id(self) -> str | None:
        return self.events[-1]["id"] if self.events else None

    @property
    def types(self) -> list[str]:
        return [event["event"] for event in self.events]

    def hangs(self) -> str:
        """What to say when nothing more comes."""
        return f"{self.job_id} hangs after {self.events[-3:]}"

    async def over_sse(self, url: Url) -> None:
        """Follow until the end of the job with Server-Sent Events."""
        while not self._ended:
            try:
                async for event in self._sse(url()):
                    self.events.append(event)
            except httpx2.HTTPError:
                await asyncio.sleep(RECONNECT_SECONDS)
            self.reconnects += not self._ended

    async def over_websocket(self, url: Url) -> None:
        """Follow until the end of the job through a WebSocket."""
        while not self._ended:
            try:
                async for event in self._websocket(url()):
                    self.events.append(event)
                    if self._ended:
                        return
            except (OSError, websockets.WebSocketException):
                await asyncio.sleep(RECONNECT_SECONDS)
            self.reconnects += 1

    @property
    def _ended(self) -> bool:
        return bool(self.events) and is_end(self.events[-1])

    async def _sse(self, url: str) -> AsyncIterator[Event]:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        async with (
            httpx2.AsyncClient(base_url=url, trust_env=False, timeout=httpx2.Timeout(5, read=60)) as client,
            client.stream("GET", f"/v1/jobs/{self.job_id}/events", headers=headers) as answer,
        ):
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def _websocket(self, url: str) -> AsyncIterator[Event]:
        address = f"{url.replace('http', 'ws', 1)}/v1/events"
        async with websockets.connect(address, proxy=None, open_timeout=5) as socket:
            await socket.send(json.dumps({"type": "watch", "job_id": self.job_id, "after": self.last_id}))
            async for message in socket:
                yield json.loads(message)


def is_end(event: Event) -> bool:
    return event["event"] in {"completed", "failed", "cancelled", "expired"}


def position(event: Event) -> tuple[int, int]:
    run, _, n = event["id"].partition("-")
    return int(run), int(n)


def check_story(events: Sequence[Event]) -> None:
    """Every event once and in order: from the first, without gaps within a run, to one end, which comes last."""
    positions = [position(event) for event in events]
    assert positions[0] == (0, 0), positions
    for earlier, later in pairwise(positions):
        follows = later == (earlier[0], earlier[1] + 1)
        next_run = later[0] > earlier[0] and later[1] in {0, 1}
        assert follows or next_run, f"{later} after {earlier} in {positions}"
    ends = [event for event in events if is_end(event)]
    assert len(ends) == 1, [event["event"] for event in events]
    assert ends[0] is events[-1]
