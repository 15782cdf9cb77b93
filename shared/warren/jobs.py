"""Publish a job: a Celery message (protocol 2) built by Celery itself and sent through aio-pika with a confirm."""

import functools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from celery import Celery
from celery.canvas import Signature, _chain, group
from kombu.transport.native_delayed_delivery import calculate_routing_key
from pydantic import Field

from warren import topology
from warren.broker import Broker
from warren.contracts.base import JobPayload, Message
from warren.telemetry import metrics


class JobMessage(Message):
    """What travels on `warren.jobs`. `keywords` are the Celery task's arguments.

    `run` is the number of the first run of this message: a retry is a new message that counts on. `payload` is decoded
    by the worker, so that a payload this version cannot read fails the job instead of getting lost. `resent` says that
    the same message may have been sent before, `reopened` that an operator sent a job again that had ended. `crashes`
    counts workers that died with the job before this message, `interruptions` those that lost their connection under it
    and lived.
    `then` are the jobs that follow, one after the other, each when the one before it has succeeded: a Celery chain.
    """

    job_id: str
    kind: str
    queue: str
    payload: dict[str, Any]
    version: int = 1
    run: int = 1
    retries: int = 0
    resent: bool = False
    reopened: bool = False
    crashes: int = 0
    interruptions: int = 0
    enqueued_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    trace: dict[str, str] = Field(default_factory=dict)
    then: tuple["JobMessage", ...] = ()

    @property
    def keywords(self) -> dict[str, Any]:
        """The Celery task's keyword arguments."""
        return self.model_dump(mode="json", exclude={"kind", "queue", "trace", "then"})

    @property
    def next(self) -> "JobMessage | None":
        """What follows when this one has succeeded, with all that follows it."""
        if not self.then:
            return None
        first, *rest = self.then
        return first.model_copy(update={"then": tuple(rest), "enqueued_at": datetime.now(UTC), "trace": self.trace})

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


class Send(Protocol):
    """Has a job run after `delay` seconds, here or elsewhere. Raises `BrokerUnavailable`."""

    async def __call__(self, job: JobMessage, *, delay: float = 0.0) -> None: ...


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
        kwargs=job.keywords,
        # Celery takes the next one from the end.
        chain=[signature(following) for following in reversed(job.then)] or None,
        # Payloads hold people's questions and data: without these Celery would write them out, for logs and Flower.
        argsrepr="",
        kwargsrepr="",
    )
    headers = {name: message.headers[name] for name in NEEDED}
    return json.dumps(message.body).encode(), {**headers, **job.trace}


def signature(job: JobMessage) -> Signature:
    """The job as a part of Celery's canvases: `group(chain(signature(a), signature(b)), …)`."""
    return _app().signature(job.kind, kwargs=job.keywords, queue=job.queue, task_id=job.job_id, immutable=True)


def messages(canvas: Signature) -> list[JobMessage]:
    """What to send so that a canvas of signatures runs: one message for each chain of a group."""
    if isinstance(canvas, group):
        return [message for part in canvas.tasks for message in messages(part)]
    first, *rest = canvas.tasks if isinstance(canvas, _chain) else [canvas]
    return [_from_signature(first).model_copy(update={"then": tuple(map(_from_signature, rest))})]


def following(embedded: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """`JobMessage.then` from the third part of a Celery message's body."""
    chain = (embedded or {}).get("chain") or []
    return [_from_signature(part).model_dump(mode="json") for part in reversed(chain)]


def _from_signature(part: Mapping[str, Any]) -> JobMessage:
    return JobMessage.model_validate({**part["kwargs"], "kind": part["task"], "queue": part["options"]["queue"]})


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
    metrics.SENT.labels(job.kind, job.queue).inc()
