"""What a gateway is to a worker: sends jobs, hears their events, answers for their state, cancels."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from warren import control, events, jobs, topology
from warren.broker import Broker
from warren.contracts.base import JobPayload
from warren.contracts.events import EventType, JobEvent
from warren.contracts.gateway import JobStates, JobStatesQuery
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.queries import QueryServer
from warren.testing.processes import Program, until
from warren.testing.script import Script

SECONDS = 20.0
"""How long a test waits for something before it fails; a busy machine is slow, not wrong."""
QUEUE_EXPIRES_MS = 120_000


class Desk:
    """Use as `async with Broker(url, "desk") as broker: desk = Desk(broker); await desk.open()`."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.states = JobStates()
        self.asked: list[str] = []
        self._events: dict[str, list[JobEvent]] = defaultdict(list)
        self._told = asyncio.Condition()
        self._listening = asyncio.Event()
        self._queue = new_id("test.events")

    async def open(self) -> None:
        self.broker.consume(self._listen)
        QueryServer(self.broker, "gateway", {JobStatesQuery: self._answer}).start()
        async with asyncio.timeout(SECONDS):
            await self._listening.wait()

    async def submit(self, *runs: tuple[str, ...], payload: type[Script] = Script, **fields: Any) -> str:
        """Send a script; returns the job's id."""
        return await self.send(payload(runs=runs), **fields)

    async def send(self, payload: JobPayload, **fields: Any) -> str:
        job = JobMessage.of(fields.pop("job_id", None) or new_id("job"), payload, **fields)
        await jobs.publish(self.broker, job)
        return job.job_id

    async def cancel(self, job_id: str) -> None:
        await control.broadcast_cancel(self.broker, job_id)

    async def event(self, job_id: str, type_: EventType, run: int | None = None) -> JobEvent:
        """Wait for the first such event."""

        def found() -> JobEvent | None:
            return next((e for e in self._events[job_id] if e.type is type_ and run in {None, e.run}), None)

        return await self._first(found, f"{type_} of {job_id}")

    async def end(self, job_id: str) -> JobEvent:
        """Wait for the terminal event."""

        def found() -> JobEvent | None:
            return next((e for e in self._events[job_id] if e.type.terminal), None)

        return await self._first(found, f"the end of {job_id}")

    def events(self, job_id: str) -> list[JobEvent]:
        """What was heard so far."""
        return list(self._events[job_id])

    def all_events(self) -> list[JobEvent]:
        return [event for events in self._events.values() for event in events]

    def types(self, job_id: str) -> list[str]:
        return [event.type.value for event in self._events[job_id]]

    async def _first(self, found: Callable[[], JobEvent | None], what: str) -> JobEvent:
        try:
            async with asyncio.timeout(SECONDS), self._told:
                await self._told.wait_for(lambda: found() is not None)
        except TimeoutError:
            raise AssertionError(f"no {what}; heard: {dict(self._events)}") from None
        event = found()
        assert event is not None
        return event

    async def _listen(self, channel: AbstractChannel) -> None:
        # It keeps what workers tell while we are not connected, as the gateway's does.
        queue = await channel.declare_queue(self._queue, durable=True, arguments={"x-expires": QUEUE_EXPIRES_MS})
        await queue.bind(topology.EVENTS, "#")
        await queue.consume(self._receive, no_ack=True)
        self._listening.set()

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        async with self._told:
            for event in events.decode(message.body):
                self._events[event.job_id].append(event)
            self._told.notify_all()

    async def _answer(self, query: JobStatesQuery) -> JobStates:
        self.asked += query.job_ids
        return self.states


async def finished(desk: Desk, worker: Program) -> str:
    """A job that has ended, and of which everybody knows that."""
    job = await desk.submit(())
    await desk.end(job)
    # We may hear of its end before the worker knows that RabbitMQ has it: until then the job counts as running.
    await until(worker.idle, 60, "the worker to be done with the job")
    desk.states = desk.states.model_copy(update={"finished": (job,)})
    return job
