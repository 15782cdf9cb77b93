"""Publish and decode what happens to jobs."""

import asyncio
from collections import deque
from collections.abc import Sequence

from warren import topology
from warren.broker import Broker
from warren.contracts.events import EventBatch, EventType, JobEvent

LANES = 2
"""Messages of one process on their way at a time: RabbitMQ makes one durable while the next is filled."""
TOGETHER = 25
"""Runs that share a message, at most."""


def routing_key(service: str, event: JobEvent) -> str:
    key = f"{service}.{event.job_id}.{event.type}"
    return f"{key}.unrecorded" if event.type is EventType.live else key


def watch_key(job_id: str, *, live: bool = False) -> str:
    """Binding under which a gateway replica sees the events of one job, with the live ones or without."""
    return f"*.{job_id}.#" if live else f"*.{job_id}.*"


async def publish(broker: Broker, service: str, events: Sequence[JobEvent], *, timeout: float = 5.0) -> None:
    """Send events as one message, confirmed; those of the same job in their order. Raises `BrokerUnavailable`.

    It goes once to the recorder, and whole to every replica that watches one of the jobs.
    """
    last = {event.job_id: event for event in events}
    key, *others = (routing_key(service, event) for event in last.values())
    await broker.publish(
        topology.EVENTS,
        key,
        EventBatch(events=tuple(events)).model_dump_json().encode(),
        timeout=timeout,
        # RabbitMQ also routes by the keys in this header.
        headers={"CC": others} if others else None,
        message_id=f"{events[-1].job_id}/{events[-1].id}",
        content_type="application/json",
    )


async def publish_live(broker: Broker, service: str, event: JobEvent) -> None:
    """Send a live event to whoever watches; nobody may. Raises `BrokerUnavailable`."""
    body = EventBatch(events=(event,)).model_dump_json().encode()
    await broker.tell(topology.EVENTS, routing_key(service, event), body, content_type="application/json")


def decode(body: bytes) -> tuple[JobEvent, ...]:
    """The events of a message, oldest first. Raises `pydantic.ValidationError`."""
    return EventBatch.model_validate_json(body).events


class EventSender:
    """Sends the events of all the runs of a process: what comes while a message is on its way shares the next one."""

    def __init__(self, broker: Broker, service: str) -> None:
        self._broker = broker
        self._service = service
        self._waiting: deque[tuple[Sequence[JobEvent], asyncio.Future[None]]] = deque()
        self._lanes: set[asyncio.Task[None]] = set()

    async def send(self, events: Sequence[JobEvent]) -> None:
        """Returns when RabbitMQ has these; a job's next ones must wait for that. Raises `BrokerUnavailable`."""
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, sent))
        if len(self._lanes) < LANES:
            lane = asyncio.create_task(self._send_waiting())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        await sent

    async def _send_waiting(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER))]
            failure: Exception | None = None
            try:
                await publish(self._broker, self._service, [event for events, _ in batch for event in events])
            except Exception as error:  # noqa: BLE001  who sent them must hear of it
                failure = error
            for _, sent in batch:
                if sent.done():
                    continue  # who sent it no longer waits
                if failure is None:
                    sent.set_result(None)
                else:
                    sent.set_exception(failure)
