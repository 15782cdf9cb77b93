"""Look at, send again or drop the jobs in the dead-letter queues. Blocking: for operators at a terminal."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import kombu
from kombu.utils.json import loads

from warren import events, jobs, topology
from warren.contracts.events import EventBatch, EventType, JobEvent
from warren.jobs import JobMessage


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
    """Go once through the dead letters of a job queue, do `action` to each or to that of one job, and yield those.

    One that holds no job that could be read is neither requeued nor yielded then. A letter is removed only after its
    follow-up is confirmed. Raises kombu's `OperationalError` or `OSError` when RabbitMQ is away.
    """
    action = Action(action)
    options = {"confirm_publish": True, "read_timeout": 15, "write_timeout": 15}
    with kombu.Connection(broker_url, connect_timeout=10, transport_options=options) as connection:
        connection.connect()  # tries twice; what comes next would try for ten seconds and more
        channel = connection.default_channel
        dead = kombu.Queue(topology.dead_queue(queue), no_declare=True)(channel)
        waiting: list[Any] = []
        # What is left alone is held until all was seen: given back at once, it would come again.
        while (message := dead.get()) is not None:
            waiting.append(message)
        for message in waiting:
            letter = _letter(queue, message)
            if job_id not in {None, letter.job_id}:
                message.reject(requeue=True)
            elif action is Action.list:
                message.reject(requeue=True)
                yield letter
            elif action is Action.drop or _requeue(channel, queue, message):
                message.ack()
                yield letter
            else:
                message.reject(requeue=True)


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


def _requeue(channel: Any, queue: str, message: Any) -> bool:
    """False if the letter holds no job that could be read."""
    try:
        _, keywords, embedded = loads(message.body)
        dead = JobMessage.model_validate(
            {**keywords, "kind": message.headers["task"], "queue": queue, "then": jobs.following(embedded)}
        )
    except (KeyError, TypeError, ValueError):
        return False
    # Its number is above those of all its runs, so that what they may still say is ignored.
    run = dead.run + topology.DELIVERY_LIMIT + 2
    fresh = {"run": run, "retries": 0, "resent": False, "reopened": True, "enqueued_at": datetime.now(UTC)}
    job = dead.model_copy(update=fresh)
    reopened = JobEvent(job_id=job.job_id, run=run, n=0, type=EventType.requeued, at=datetime.now(UTC))
    # First reopen the job: its first event must not find it in a terminal state.
    told = EventBatch(events=(reopened,)).model_dump_json().encode()
    _publish(channel, topology.EVENTS, events.routing_key(job.kind.split(".")[0], reopened), told)
    body, headers = jobs.encode(job)
    _publish(channel, topology.JOBS, queue, body, headers=headers, message_id=job.job_id, correlation_id=job.job_id)
    return True


def _publish(channel: Any, exchange: str, routing_key: str, body: bytes, **properties: Any) -> None:
    kombu.Producer(channel).publish(
        body,
        exchange=exchange,
        routing_key=routing_key,
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode="persistent",
        **properties,
    )
