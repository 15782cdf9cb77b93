"""Look at, send again or drop the jobs in the dead-letter queues. Blocking: for operators at a terminal."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import kombu
from kombu.utils.json import dumps, loads

from warren import topology
from warren.contracts.events import EventBatch, EventType, JobEvent


class Action(enum.StrEnum):
    list = "list"
    """Show what is there and leave it."""
    requeue = "requeue"
    """Reopen the job and put it into its queue again."""
    drop = "drop"
    """Forget it; the job stays failed."""


@dataclass(frozen=True)
class DeadLetter:
    queue: str
    job_id: str
    kind: str
    reason: str
    died_at: str


def take(broker_url: str, queue: str, action: Action | str, job_id: str | None = None) -> Iterator[DeadLetter]:
    """Go once through the dead letters of a job queue and do `action` to each, or to that of one job.

    Raises `OSError` when RabbitMQ is away. A letter is removed only after its follow-up is confirmed.
    """
    action = Action(action)
    options = {"confirm_publish": True, "read_timeout": 15, "write_timeout": 15}
    with kombu.Connection(broker_url, connect_timeout=10, transport_options=options) as connection:
        channel = connection.default_channel
        waiting: list[Any] = []
        # What is left alone is held until all was seen: given back at once, it would come again.
        while (message := channel.basic_get(topology.dead_queue(queue))) is not None:
            waiting.append(message)
        for message in waiting:
            letter = _letter(queue, message)
            if job_id not in {None, letter.job_id} or action is Action.list:
                message.reject(requeue=True)
                if job_id in {None, letter.job_id}:
                    yield letter
                continue
            if action is Action.requeue:
                _requeue(channel, queue, message)
            message.ack()
            yield letter


def _letter(queue: str, message: Any) -> DeadLetter:
    death = (message.headers.get("x-death") or [{}])[0]
    died = death.get("time")
    return DeadLetter(
        queue=queue,
        job_id=message.properties.get("message_id") or "?",
        kind=message.headers.get("task", "?"),
        reason=death.get("reason", "?"),
        died_at=died.isoformat() if isinstance(died, datetime) else "?",
    )


def _requeue(channel: Any, queue: str, message: Any) -> None:
    arguments, keywords, embedded = loads(message.body)
    run = int(keywords.get("run", 1)) + topology.DELIVERY_LIMIT + 2
    reopened = JobEvent(job_id=keywords["job_id"], run=run, n=0, type=EventType.requeued, at=datetime.now(UTC))
    producer = kombu.Producer(channel)
    service = message.headers.get("task", queue).split(".")[0]
    # First reopen the job: its first event must not find it in a terminal state.
    producer.publish(
        EventBatch(events=(reopened,)).model_dump_json().encode(),
        exchange=topology.EVENTS,
        routing_key=f"{service}.{reopened.job_id}.{reopened.type}",
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode="persistent",
    )
    fresh = {name: value for name, value in message.headers.items() if not name.startswith("x-")}
    producer.publish(
        dumps((arguments, {**keywords, "run": run, "enqueued_at": datetime.now(UTC).isoformat()}, embedded)),
        exchange=topology.JOBS,
        routing_key=queue,
        headers=fresh,
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode="persistent",
        message_id=reopened.job_id,
        correlation_id=reopened.job_id,
    )
