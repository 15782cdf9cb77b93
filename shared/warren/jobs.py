"""Publish a job: a Celery message (protocol 2) built by Celery itself and sent through aio-pika with a confirm."""

import functools
import json
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from kombu.transport.native_delayed_delivery import calculate_routing_key
from pydantic import Field

from warren import topology
from warren.broker import Broker
from warren.contracts.base import JobPayload, Message


class JobMessage(Message):
    """What travels on `warren.jobs`. All but `kind`, `queue` and `trace` are the Celery task's keyword arguments.

    `run` is the number of the first run of this message: a retry is a new message that counts on. `payload` is decoded
    by the worker, so that a payload this version cannot read fails the job instead of getting lost. `resent` says that
    the same message may have been sent before. `crashes` counts workers that died with the job before this message,
    `interruptions` those that lost their connection under it and lived.
    """

    job_id: str
    kind: str
    queue: str
    payload: dict[str, Any]
    version: int = 1
    run: int = 1
    retries: int = 0
    resent: bool = False
    crashes: int = 0
    interruptions: int = 0
    enqueued_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    trace: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, job_id: str, payload: JobPayload, **fields: Any) -> "JobMessage":
        """The first message of a new job."""
        return cls(
            job_id=job_id,
            kind=payload.kind,
            queue=payload.queue,
            payload=payload.model_dump(mode="json"),
            version=payload.version,
            **fields,
        )


@functools.cache
def _app() -> Celery:
    return Celery("warren", set_as_current=False, broker="memory://")


NEEDED = ("lang", "task", "id")
"""Headers without which Celery would not run a message. It assumes the others, and each costs time at every hop."""


def encode(job: JobMessage) -> tuple[bytes, dict[str, Any]]:
    """Body and headers of the Celery message."""
    message = _app().amqp.as_task_v2(
        job.job_id,
        job.kind,
        args=(),
        kwargs=job.model_dump(mode="json", exclude={"kind", "queue", "trace"}),
        # Payloads hold people's questions and data: without these Celery would write them out, for logs and Flower.
        argsrepr="",
        kwargsrepr="",
    )
    headers = {name: message.headers[name] for name in NEEDED}
    return json.dumps(message.body).encode(), {**headers, **job.trace}


async def publish(broker: Broker, job: JobMessage, *, delay: float = 0.0, timeout: float = 5.0) -> None:
    """Hand a job to its queue, confirmed, after `delay` seconds (rounded up to whole ones).

    Raises `BrokerUnavailable`; the job may then be in the queue all the same, which its id makes harmless.
    """
    body, headers = encode(job)
    exchange, routing_key = topology.JOBS, job.queue
    if delay > 0:
        exchange, routing_key = topology.DELAYED, calculate_routing_key(max(1, round(delay + 0.499)), job.queue)
    await broker.publish(
        exchange,
        routing_key,
        body,
        timeout=timeout,
        headers=headers,
        message_id=job.job_id,
        correlation_id=job.job_id,
        content_type="application/json",
        content_encoding="utf-8",
    )
