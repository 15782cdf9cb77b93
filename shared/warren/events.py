"""Publish and decode what happens to jobs."""

from collections.abc import Sequence

from warren import topology
from warren.broker import Broker
from warren.contracts.events import EventBatch, EventType, JobEvent


def routing_key(service: str, event: JobEvent) -> str:
    key = f"{service}.{event.job_id}.{event.type}"
    return f"{key}.unrecorded" if event.type is EventType.live else key


def watch_key(job_id: str, *, live: bool = False) -> str:
    """Binding under which a gateway replica sees the events of one job, with the live ones or without."""
    return f"*.{job_id}.#" if live else f"*.{job_id}.*"


async def publish(broker: Broker, service: str, events: Sequence[JobEvent], *, timeout: float = 5.0) -> None:
    """Send consecutive events of one job as one message, confirmed. Raises `BrokerUnavailable`."""
    batch = EventBatch(events=tuple(events))
    await broker.publish(
        topology.EVENTS,
        routing_key(service, events[-1]),
        batch.model_dump_json().encode(),
        timeout=timeout,
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
