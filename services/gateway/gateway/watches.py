"""Live events for the clients of this replica: only of the jobs they watch, each event once and in order.

Events come live through this replica's own queue, which is bound to a job's events while somebody watches it, and from
the log in PostgreSQL for what was missed. An event is handed on live only if it directly follows the last one; on any
gap the log is read, so an outage delays events but loses none.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

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
BIND_SECONDS = 2.0
LIVE_EVENTS = 1000
"""Live events that wait for one slow watcher."""

Position = tuple[int, int]


@dataclass(eq=False)
class _Watched:
    """A job that somebody on this replica watches."""

    watchers: set["asyncio.Queue[JobEvent | None]"] = field(default_factory=set)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once its events come live, or RabbitMQ is away and the log must do."""


class Watches:
    """`start()` once, `run()` for as long as the gateway lives; then `events()` and `ended()` from anywhere."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._queue: AbstractQueue | None = None
        self._watched: dict[str, _Watched] = {}
        self._changed: asyncio.Queue[str] = asyncio.Queue()

    def start(self) -> None:
        """Hear of what is being watched, from when RabbitMQ is there."""
        self._broker.consume(self._listen)

    async def run(self) -> None:
        """Keep this replica's queue bound to the events of what is watched.

        Only this task changes bindings: a watcher may be cancelled at any moment, and a cancelled call closes the
        channel for all.
        """
        while True:
            await self._settle(await self._changed.get())

    async def _listen(self, channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(new_id("gateway.watch"), exclusive=True, auto_delete=True)
        await queue.consume(self._receive, no_ack=True)
        self._queue = queue
        for job_id in self._watched:
            self._changed.put_nowait(job_id)
        # What was published while we were away is in the log now, or will be in a moment.
        for delay in (0.0, 0.5, 1.5, 3.0):
            asyncio.get_running_loop().call_later(delay, self._wake_all)

    async def _settle(self, job_id: str) -> None:
        """Bind a job that is watched, unbind one that is not."""
        watched = self._watched.get(job_id)
        try:
            if self._queue is not None:
                change = self._queue.unbind if watched is None else self._queue.bind
                await change(topology.EVENTS, events.watch_key(job_id), timeout=BIND_SECONDS)
        except Exception as error:  # noqa: BLE001  aio-pika raises many kinds; a new queue is bound when it is back
            log.info("watch_not_settled", job_id=job_id, error=str(error))
        if watched is not None:
            watched.settled.set()

    async def events(self, job_id: str, after: Position = START) -> AsyncGenerator[JobEvent]:
        """Every event of the job after `after`, as they happen; ends with the terminal one, once it is recorded.

        Ends at once when there is no such job (any more).
        """
        async with self._watching(job_id) as live:
            last, ahead = after, after
            delay, idle = FIRST_DELAY_SECONDS, FIRST_IDLE_SECONDS
            while True:
                if (found := await self._log(job_id, last)) is None:
                    return
                recorded, end = found
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
    async def _watching(self, job_id: str) -> AsyncIterator["asyncio.Queue[JobEvent | None]"]:
        live: asyncio.Queue[JobEvent | None] = asyncio.Queue(LIVE_EVENTS)
        watched = self._watched.get(job_id)
        if watched is None:
            watched = self._watched[job_id] = _Watched()
            self._changed.put_nowait(job_id)
        watched.watchers.add(live)
        try:
            # The log must not be read before: what happens in between would be missed.
            await watched.settled.wait()
            yield live
        finally:
            watched.watchers.discard(live)
            if not watched.watchers:
                del self._watched[job_id]
                self._changed.put_nowait(job_id)

    async def _log(self, job_id: str, after: Position) -> tuple[list[JobEvent], JobEvent | None] | None:
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
            if event.job_id in self._watched:
                for live in self._watched[event.job_id].watchers:
                    _put(live, event)

    def _wake_all(self) -> None:
        for watched in self._watched.values():
            for live in watched.watchers:
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
