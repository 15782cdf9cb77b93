"""Live events for the clients of this replica: only of the jobs they watch, each event once and in order.

Events come live through this replica's own queue, which is bound to a job's events while somebody watches it, and from
the log in PostgreSQL for what was missed. An event is handed on live only if it directly follows the last one; on any
gap the log is read, so an outage delays events but loses none.
"""

import asyncio
import enum
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from prometheus_client import Histogram
from pydantic import ValidationError

from gateway.store import jobs as store
from warren import events, topology
from warren.broker import Broker
from warren.contracts.events import EventType, JobEvent
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

DELIVERY = Histogram(
    "warren_event_delivery_seconds",
    "Time from an event in a worker to the gateway whose client watches, by the clocks of both",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

Position = tuple[int, int]
Wanted = tuple[str, bool]
"""A job, and whether its live events too."""


class _Step(enum.Enum):
    """What an event that just came is, to somebody who knows all up to `last`."""

    next = enum.auto()
    """It directly follows."""
    aside = enum.auto()
    """A live event: it has no place in the log."""
    gap = enum.auto()
    """Something lies between. So it is with the end: it counts when it is recorded, for who sees it may ask for the
    result."""
    old = enum.auto()


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
        self._watched: dict[Wanted, _Watched] = {}
        self._changed: asyncio.Queue[Wanted] = asyncio.Queue()

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
        for wanted in self._watched:
            self._changed.put_nowait(wanted)
        # What was published while we were away is in the log now, or will be in a moment.
        for delay in (0.0, 0.5, 1.5, 3.0):
            asyncio.get_running_loop().call_later(delay, self._wake_all)

    async def _settle(self, wanted: Wanted) -> None:
        """Bind a job that is watched, unbind one that is not."""
        watched = self._watched.get(wanted)
        job_id, live = wanted
        try:
            if self._queue is not None:
                change = self._queue.unbind if watched is None else self._queue.bind
                await change(topology.EVENTS, events.watch_key(job_id, live=live), timeout=BIND_SECONDS)
        except Exception as error:  # noqa: BLE001  aio-pika raises many kinds; a new queue is bound when it is back
            log.info("watch_not_settled", job_id=job_id, error=str(error))
        if watched is not None:
            watched.settled.set()

    async def events(self, job_id: str, after: Position = START, *, live: bool = False) -> AsyncGenerator[JobEvent]:
        """Every event of the job after `after`, as they happen; ends with the terminal one, once it is recorded.

        With `live`, its live events too, each behind the event it came after. Ends at once when there is no such job
        (any more).
        """
        async with self._watching((job_id, live)) as happening:
            reader = _Reader(after)
            while True:
                if (found := await self._log(job_id, reader.last)) is None:
                    return
                recorded, end = found
                for event in recorded:
                    reader.last = _position(event)
                    yield event
                if end is not None:
                    # A live event of a run that was given up may have taken its place.
                    if end not in recorded and after < _position(end):
                        yield end
                    return
                if reader.last < reader.ahead:
                    await reader.pause()
                    continue
                async for event in reader.follow(happening):
                    yield event

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
    async def _watching(self, wanted: Wanted) -> AsyncIterator["asyncio.Queue[JobEvent | None]"]:
        happening: asyncio.Queue[JobEvent | None] = asyncio.Queue(LIVE_EVENTS)
        watched = self._watched.get(wanted)
        if watched is None:
            watched = self._watched[wanted] = _Watched()
            self._changed.put_nowait(wanted)
        watched.watchers.add(happening)
        try:
            # The log must not be read before: what happens in between would be missed.
            await watched.settled.wait()
            yield happening
        finally:
            watched.watchers.discard(happening)
            if not watched.watchers:
                del self._watched[wanted]
                self._changed.put_nowait(wanted)

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
        now = datetime.now(UTC)
        for event in batch:
            DELIVERY.observe(max(0.0, (now - event.at).total_seconds()))
            self._hand_on((event.job_id, True), event)
            if event.type is not EventType.live:
                self._hand_on((event.job_id, False), event)

    def _hand_on(self, wanted: Wanted, event: JobEvent) -> None:
        if (watched := self._watched.get(wanted)) is not None:
            for happening in watched.watchers:
                _put(happening, event)

    def _wake_all(self) -> None:
        for watched in self._watched.values():
            for happening in watched.watchers:
                _put(happening, None)


class _Reader:
    """Where one watcher is: it knows all up to `last`, and that the log must soon reach `ahead`."""

    def __init__(self, after: Position) -> None:
        self.last = self.ahead = after
        self._late: JobEvent | None = None
        self._delay = FIRST_DELAY_SECONDS
        self._idle = FIRST_IDLE_SECONDS

    async def pause(self) -> None:
        """Wait for the log, longer each time."""
        await asyncio.sleep(self._delay)
        self._delay = min(self._delay * 2, LAST_DELAY_SECONDS)

    async def follow(self, happening: "asyncio.Queue[JobEvent | None]") -> AsyncGenerator[JobEvent]:
        """What happens, until the log has to be read."""
        self._delay = FIRST_DELAY_SECONDS
        if self._late is not None:
            yield self._late
            self._late = None
        while (happened := await _next(happening, self._idle)) is not None:
            step = _step(self.last, happened)
            if step is _Step.gap:
                self.ahead = _position(happened)
                self._late = happened if happened.type is EventType.live else None
                return
            if step is _Step.next:
                self.last = _position(happened)
            if step is not _Step.old:
                yield happened
        self._idle = min(self._idle * 2, IDLE_SECONDS)


def _put(happening: "asyncio.Queue[JobEvent | None]", event: JobEvent | None) -> None:
    """Hand on an event. For a watcher too slow for its job, forget what waits: it will read the log."""
    if happening.full():
        while not happening.empty():
            happening.get_nowait()
    happening.put_nowait(event)


async def _next(happening: "asyncio.Queue[JobEvent | None]", seconds: float) -> JobEvent | None:
    """The next event as it happens; None when it is time to read the log."""
    try:
        async with asyncio.timeout(seconds):
            return await happening.get()
    except TimeoutError:
        return None


def _position(event: JobEvent) -> Position:
    return event.run, event.n


def _step(last: Position, happened: JobEvent) -> _Step:
    position = _position(happened)
    if happened.type.terminal:
        return _Step.gap
    if happened.type is EventType.live:
        if position > last:
            return _Step.gap
        # A worker that was given up may still talk.
        return _Step.aside if position[0] == last[0] else _Step.old
    if position <= last:
        return _Step.old
    return _Step.next if _follows(last, position) else _Step.gap


def _follows(last: Position, position: Position) -> bool:
    """Whether nothing can lie between the two. A new run may hide the tail of the one before: the log knows."""
    if last == (0, 0):
        return position == (1, 1)
    return position == (last[0], last[1] + 1)
