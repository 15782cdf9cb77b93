"""Writes what happens to jobs into PostgreSQL: the state in `jobs`, every event in `job_events`, in batches.

All replicas consume `gateway.recorder`, a single-active-consumer queue: RabbitMQ lets one of them record at a time and
the next take over, so the events of a job are always written in order. A batch is acknowledged after its commit; one
that is delivered twice changes nothing.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from prometheus_client import Counter
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import lifecycle
from gateway.batches import next_batch
from gateway.lifecycle import JobState
from gateway.store import jobs as store
from warren import control, events, topology
from warren.broker import Broker, settle
from warren.contracts.events import EventBatch, EventType, Failure, JobEvent
from warren.database import Database
from warren.errors import BrokerUnavailable, WarrenError

log = structlog.get_logger(__name__)

PREFETCH = 1000
BATCH = 400
RETRY_SECONDS = 1.0

DUPLICATES = Counter("warren_events_duplicate", "Events that were ignored: recorded before, or from a run that is over")


@dataclass(frozen=True)
class Died:
    """A job's message was given up by RabbitMQ: the job ends, so that nobody waits for it.

    Not if a later message carries it on: `last_run` is the highest number that a run of this message can have had.
    """

    job_id: str
    last_run: int = sys.maxsize


@dataclass(frozen=True)
class Recorded:
    """What a batch changed: events that the gateway itself added, and jobs that run although they were cancelled."""

    added: tuple[JobEvent, ...]
    to_cancel: tuple[str, ...]


class Unrecordable(WarrenError):
    """An event that PostgreSQL will never take."""


class Recorder:
    """`start()` once; `run()` for as long as the gateway lives."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._incoming: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()

    def start(self) -> None:
        """Consume, from when RabbitMQ is there."""
        self._broker.consume(self._listen, prefetch=PREFETCH)

    async def run(self) -> None:
        while True:
            await self._handle(await next_batch(self._incoming, BATCH))

    async def _listen(self, channel: AbstractChannel) -> None:
        queue = await channel.get_queue(topology.RECORDER, ensure=False)
        await queue.consume(self._incoming.put)

    async def _handle(self, batch: Sequence[AbstractIncomingMessage]) -> None:
        readable: list[AbstractIncomingMessage] = []
        found: list[JobEvent | Died] = []
        for message in batch:
            try:
                found.extend(_decode(message))
            except (ValidationError, ValueError) as error:
                log.error("event_unreadable", error=str(error), message_id=message.message_id)
                await settle(message.reject())
            else:
                readable.append(message)
        if not readable:
            return
        try:
            recorded = await self._record_until_done(found)
        except Unrecordable as error:
            await self._set_aside(readable, error)
            return
        # Deliveries of one channel come in order, so the last acknowledges all; a rejected one is settled already.
        await settle(readable[-1].ack(multiple=True))
        await self._tell(recorded)

    async def _tell(self, recorded: Recorded) -> None:
        for job_id in recorded.to_cancel:
            await tell(control.broadcast_cancel(self._broker, job_id))
        for event in recorded.added:
            await tell(events.publish(self._broker, "gateway", [event]))

    async def _record_until_done(self, found: Sequence[JobEvent | Died]) -> Recorded:
        while True:
            try:
                async with self._database.transaction() as connection:
                    return await record(connection, found)
            except Exception as error:
                if _is_at_fault(error):
                    raise Unrecordable(str(error)) from error
                # Whatever a database that is away raises, it will come back.
                log.warning("events_not_recorded", error=str(error)[:200], retry_seconds=RETRY_SECONDS)
                await asyncio.sleep(RETRY_SECONDS)

    async def _set_aside(self, batch: Sequence[AbstractIncomingMessage], error: Unrecordable) -> None:
        """Find what cannot be recorded and put it with the dead letters, so that it does not hold up all others."""
        if len(batch) > 1:
            for message in batch:
                await self._handle([message])
            return
        (message,) = batch
        if len(parts := _by_job(_decode(message))) > 1:
            for part in parts:
                await self._record_apart(part)
            await settle(message.ack())
            return
        log.error("event_not_recordable", error=str(error)[:200], message_id=message.message_id)
        await settle(message.reject())

    async def _record_apart(self, part: Sequence[JobEvent | Died]) -> None:
        """Record one job's share of a message, or make it a dead letter of its own."""
        try:
            recorded = await self._record_until_done(part)
        except Unrecordable as error:
            log.error("event_not_recordable", error=str(error)[:200], job_id=part[0].job_id)
            body = EventBatch(events=tuple(item for item in part if isinstance(item, JobEvent)))
            await self._broker.publish(topology.DEAD, topology.RECORDER, body.model_dump_json().encode())
        else:
            await self._tell(recorded)


async def record(connection: AsyncConnection, found: Sequence[JobEvent | Died]) -> Recorded:
    """Apply events to their jobs and append them to the log, within the caller's transaction."""
    before = await store.lock_states(connection, {item.job_id for item in found})
    after: dict[str, JobState] = {}
    fresh: list[JobEvent] = []
    added: list[JobEvent] = []
    to_cancel: list[str] = []
    for item in found:
        state = after.get(item.job_id) or before.get(item.job_id)
        if state is None:
            log.debug("event_of_unknown_job", job_id=item.job_id)
            continue
        if isinstance(item, Died) and item.last_run < state.run:
            DUPLICATES.inc()
            continue
        event = item if isinstance(item, JobEvent) else lifecycle.next_event(state, EventType.failed, _DIED)
        changed = lifecycle.apply(state, event)
        if event.type is EventType.started and (state.status.terminal or state.cancel_requested):
            to_cancel.append(event.job_id)
        if changed is None:
            DUPLICATES.inc()
            continue
        after[event.job_id] = changed
        fresh.append(event)
        if event is not item:
            added.append(event)
    await store.save_states(connection, list(after.values()))
    await store.add_events(connection, fresh)
    return Recorded(tuple(added), tuple(to_cancel))


_DIED = Failure(
    code=lifecycle.DEAD_LETTER,
    message="The workers that took this job died, or could not read it. It was set aside for an operator.",
).model_dump(mode="json")


def _decode(message: AbstractIncomingMessage) -> Sequence[JobEvent | Died]:
    if not (message.headers or {}).get("x-first-death-queue"):
        return events.decode(message.body)
    if not message.message_id:
        raise ValueError("a dead message that names no job")
    return (Died(message.message_id, _last_run(message.body)),)


def _by_job(found: Sequence[JobEvent | Died]) -> list[list[JobEvent | Died]]:
    parts: dict[str, list[JobEvent | Died]] = {}
    for item in found:
        parts.setdefault(item.job_id, []).append(item)
    return list(parts.values())


def _last_run(body: bytes) -> int:
    try:
        _, keywords, _ = json.loads(body)
        return int(keywords["run"]) + topology.DELIVERY_LIMIT
    except (KeyError, TypeError, ValueError):
        return sys.maxsize


def _is_at_fault(error: Exception) -> bool:
    """Whether an event is the cause, rather than the database."""
    if isinstance(error, sa.exc.DBAPIError):
        # SQLSTATE classes: 22 data exception, 23 integrity constraint violation.
        return str(getattr(error.orig, "sqlstate", None))[:2] in {"22", "23"}
    return isinstance(error, (ArithmeticError, AttributeError, LookupError, TypeError, ValueError))


async def tell(publishing: Awaitable[None]) -> None:
    """Publish something that helps now and is not needed later: what it says is in the database."""
    try:
        await publishing
    except BrokerUnavailable as error:
        log.info("not_told", error=str(error))
