"""Live events for the clients of this replica: only of the jobs they watch, each event once and in order.

Events come live through this replica's own queue, which is bound to a job's events while somebody watches it, and from
the log in PostgreSQL for what was missed. An event is handed on live only if it directly follows the last one; on any
gap the log is read, so an outage delays events but loses none.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
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
FIRST_IDLE_SECONDS = 0.05
IDLE_SECONDS = 10.0
"""How often, less and less, the log of a quiet job is read: for an event that was published before the watch began and
recorded after, and in case a live event was lost."""
FIRST_DELAY_SECONDS = 0.005
LAST_DELAY_SECONDS = 1.0
"""How often, less and less, while a live event said that the log must soon have more."""
LIVE_EVENTS = 1000
"""Live events that wait for one slow watcher."""

Position = tuple[int, int]


class Watches:
    """`start()` once; then `events()` and `ended()` from anywhere, also while RabbitMQ is away."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._queue: AbstractQueue | None = None
        self._watchers: dict[str, set[asyncio.Queue[JobEvent | None]]] = defaultdict(set)

    def start(self) -> None:
        """Hear of what is being watched, from when RabbitMQ is there."""
        self._broker.consume(self._listen)

    async def _listen(self, channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(new_id("gateway.watch"), exclusive=True, auto_delete=True)
        await queue.consume(self._receive, no_ack=True)
        self._queue = queue
        for job_id in list(self._watchers):
            await self._bind(job_id)
        # What was published while we were away is in the log now, or will be in a moment.
        for delay in (0.0, 0.5, 1.5, 3.0):
            asyncio.get_running_loop().call_later(delay, self._wake_all)

    async def events(self, job_id: str, after: Position = START) -> AsyncGenerator[JobEvent]:
        """Every event of the job after `after`, as they happen; ends with the terminal one, once it is recorded."""
        async with self._watching(job_id) as live:
            last, ahead = after, after
            delay, idle = FIRST_DELAY_SECONDS, FIRST_IDLE_SECONDS
            while True:
                recorded, end = await self._log(job_id, last)
                for event in recorded:
                    last = _position(event)
                    yield event
                if end is not None:
                    # A live event of a run that was given up may have taken its place.
                    if end not in recorded and after < _position(end):
                        yield end
                    return
                if last < ahead:
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, LAST_DELAY_SECONDS)
                    continue
                delay = FIRST_DELAY_SECONDS
                while (happened := await _next(live, idle)) is not None:
                    position = _position(happened)
                    # The end counts when it is recorded: who sees it may ask for the result.
                    if happened.type.terminal or (position > last and not _follows(last, position)):
                        ahead = position
                        break
                    if position > last:
                        last = position
                        yield happened
                else:
                    idle = min(idle * 2, IDLE_SECONDS)

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
        try:
            # Each binds, though once would do: the log must not be read before the binding is there.
            await self._bind(job_id)
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

    async def _log(self, job_id: str, after: Position) -> tuple[list[JobEvent], JobEvent | None]:
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


def _position(event: JobEvent) -> Position:
    return event.run, event.n


def _follows(last: Position, position: Position) -> bool:
    """Whether nothing can lie between the two. A new run may hide the tail of the one before: the log knows."""
    if last == (0, 0):
        return position == (1, 1)
    return position == (last[0], last[1] + 1)
