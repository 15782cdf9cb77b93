"""Live events for the clients of this replica: only of the jobs they watch, each event once and in order.

Events come live through this replica's own queue, which is bound to a job's events while somebody watches it, and from
the log in PostgreSQL for what was missed. An event is handed on live only if it directly follows the last one; on any
gap the log is read, so an outage delays events but loses none.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue
from pydantic import ValidationError

from gateway.store import jobs as store
from warren import events, topology
from warren.broker import Broker
from warren.contracts.events import JobEvent
from warren.database import Database
from warren.ids import new_id

log = structlog.get_logger(__name__)

START = (-1, -1)
"""Before the first event of any job."""
IDLE_SECONDS = 10.0
"""How often the log of a quiet job is read, in case a live event was lost."""
BEHIND_SECONDS = 0.05
"""How often while a live event said that the log must soon have more."""

LIVE_EVENTS = 1000
"""Live events that wait for one slow watcher."""

Position = tuple[int, int]


class Watches:
    """`start()` once RabbitMQ is there; `events()` and `ended()` from anywhere, also while it is away."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._queue: AbstractQueue | None = None
        self._watchers: dict[str, set[asyncio.Queue[JobEvent | None]]] = defaultdict(set)

    async def start(self) -> None:
        """Open this replica's queue, and bind it to what is being watched already."""
        await self._broker.ready()
        channel = await self._broker.channel(prefetch=1000)
        # A name of our own: one that RabbitMQ makes up could not be declared again after a reconnect.
        queue = await channel.declare_queue(new_id("gateway.watch"), exclusive=True, auto_delete=True)
        await queue.consume(self._receive, no_ack=True)
        self._queue = queue
        for job_id in list(self._watchers):
            await self._bind(job_id)
        self._broker.on_reconnect(self._reconnected)
        self._wake_all()

    async def events(self, job_id: str, after: Position = START) -> AsyncGenerator[JobEvent]:
        """Every event of the job after `after`, as they happen; ends with the terminal one."""
        async with self._watching(job_id) as live:
            last = seen = after
            while True:
                for recorded in await self._log(job_id, last):
                    last = (recorded.run, recorded.n)
                    yield recorded
                    if recorded.type.terminal:
                        return
                seen = max(seen, last)
                while (event := await _next(live, IDLE_SECONDS if seen == last else BEHIND_SECONDS)) is not None:
                    position = (event.run, event.n)
                    if position <= last:
                        continue
                    seen = max(seen, position)
                    if not _follows(last, position):
                        continue
                    last = position
                    yield event
                    if event.type.terminal:
                        return

    async def ended(self, job_id: str, seconds: float) -> bool:
        """Whether the job reaches its end within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                async with aclosing(self.events(job_id)) as happening:
                    async for _ in happening:
                        pass
        except TimeoutError:
            return False
        return True

    @asynccontextmanager
    async def _watching(self, job_id: str) -> AsyncIterator[asyncio.Queue[JobEvent | None]]:
        live: asyncio.Queue[JobEvent | None] = asyncio.Queue(LIVE_EVENTS)
        watchers = self._watchers[job_id]
        watchers.add(live)
        if len(watchers) == 1:
            await self._bind(job_id)
        try:
            yield live
        finally:
            watchers.discard(live)
            if not watchers and self._watchers.get(job_id) is watchers:
                del self._watchers[job_id]
                await self._unbind(job_id)

    async def _bind(self, job_id: str) -> None:
        if self._queue is not None:
            try:
                await self._queue.bind(topology.EVENTS, events.watch_key(job_id), timeout=2)
            except Exception as error:  # noqa: BLE001  aio-pika raises many kinds; the log still has the events
                log.warning("watch_not_bound", job_id=job_id, error=str(error))

    async def _unbind(self, job_id: str) -> None:
        if self._queue is not None:
            try:
                await self._queue.unbind(topology.EVENTS, events.watch_key(job_id), timeout=2)
            except Exception as error:  # noqa: BLE001  events nobody watches any more are ignored
                log.info("watch_not_unbound", job_id=job_id, error=str(error))

    async def _log(self, job_id: str, after: Position) -> list[JobEvent]:
        while True:
            try:
                async with self._database.transaction() as connection:
                    return await store.events_after(connection, job_id, after)
            except Exception as error:  # noqa: BLE001  PostgreSQL is away; who watches waits until it is back
                log.warning("log_not_read", error=f"{type(error).__name__}: {error}"[:200])
                await asyncio.sleep(1.0)

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        try:
            batch = events.decode(message.body)
        except ValidationError as error:
            log.warning("event_unreadable", error=str(error))
            return
        for event in batch:
            for live in self._watchers.get(event.job_id, ()):
                _put(live, event)

    async def _reconnected(self, *_: Any) -> None:
        """What was published while we were away is in the log now, or will be in a moment."""
        for delay in (0.0, 0.5, 1.5, 3.0):
            asyncio.get_running_loop().call_later(delay, self._wake_all)

    def _wake_all(self) -> None:
        for watchers in self._watchers.values():
            for live in watchers:
                _put(live, None)


def _put(live: "asyncio.Queue[JobEvent | None]", event: JobEvent | None) -> None:
    """Hand on an event. For a watcher too slow for its job, forget what waits: it will read the log."""
    if live.full():
        while not live.empty():
            live.get_nowait()
    live.put_nowait(event)


async def _next(live: "asyncio.Queue[JobEvent | None]", seconds: float) -> JobEvent | None:
    """The next live event; None when it is time to read the log."""
    try:
        async with asyncio.timeout(seconds):
            return await live.get()
    except TimeoutError:
        return None


def _follows(last: Position, position: Position) -> bool:
    """Whether nothing can lie between the two. A new run may hide the tail of the one before: the log knows."""
    if last == (0, 0):
        return position == (1, 1)
    return position == (last[0], last[1] + 1)
