"""Celery's pool of a worker: it hands each message to the asyncio loop, and needs neither threads nor processes.

A thread that waits for each job would hand it over twice and back twice, which cost more than all else a worker does.
As many jobs run at once as RabbitMQ delivers without an acknowledgement: the concurrency of the worker.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from billiard.einfo import ExceptionInfo
from celery.concurrency.base import BasePool
from celery.exceptions import Reject
from kombu.serialization import loads

from warren.jobs import following
from warren.worker.verdict import Done, Verdict


class Executor(Protocol):
    """What Celery's side of a worker needs of ours."""

    def start_run(self, kind: str, queue: str, arguments: dict[str, Any], redeliveries: int, done: Done) -> None:
        """Begin to run a message; `done` hears what becomes of it."""

    def connection_lost(self) -> None: ...

    def consumer_moved(self) -> None: ...

    def drain(self) -> None: ...


class LoopPool(BasePool):
    """Celery calls `on_apply` with what it would have traced; its callbacks acknowledge or reject the message."""

    body_can_be_buffer = True
    signal_safe = False

    def on_apply(
        self,
        target: Any,  # noqa: ARG002  the signature is Celery's
        args: tuple[str, str, Mapping[str, Any], Any, str, str],
        kwargs: Any = None,  # noqa: ARG002
        *,
        callback: Callable[[tuple[bool, Any, float]], None],
        accept_callback: Callable[[int, float], None],
        **_: Any,
    ) -> None:
        kind, _task_id, request, body, content_type, content_encoding = args
        started = time.monotonic()
        accept_callback(os.getpid(), started)

        def done(verdict: Verdict) -> None:
            seconds = time.monotonic() - started
            if verdict is Verdict.acknowledge:
                callback((False, None, seconds))
            else:
                callback((True, _rejection(verdict), seconds))

        _, arguments, embedded = loads(body, content_type, content_encoding, accept={"application/json"})
        delivery = request.get("delivery_info") or {}
        queue = (delivery.get("routing_key") or "").rsplit(".", 1)[-1]
        arguments["trace"] = {name: value for name in ("traceparent", "tracestate") if (value := request.get(name))}
        if embedded and embedded.get("chain"):
            arguments["then"] = following(embedded)
        self.app.warren_worker.start_run(kind, queue, arguments, _redeliveries(request, delivery), done)


def _redeliveries(request: Mapping[str, Any], delivery: Mapping[str, Any]) -> int:
    # A message that was requeued once and has no count comes from an older broker or a classic queue.
    return max(int(request.get("x-delivery-count") or 0), int(bool(delivery.get("redelivered"))))


def _rejection(verdict: Verdict) -> ExceptionInfo:
    """A task that raised `Reject`, as Celery knows it."""
    try:
        raise Reject(verdict.value, requeue=verdict is Verdict.requeue)
    except Reject:
        return ExceptionInfo(internal=True)
