"""The Celery application of a worker. Settings that differ from Celery's defaults say why (docs/decisions/0003)."""

import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from celery import Celery, signals
from celery.beat import Scheduler
from celery.exceptions import SecurityWarning

from warren import topology
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.settings import Settings
from warren.telemetry import metrics
from warren.worker.beat import Schedule, slot_of
from warren.worker.pool import Executor, LoopPool

TRANSPORT_OPTIONS = {"confirm_publish": True, "read_timeout": 15, "write_timeout": 15}
"""Without the timeouts a worker never came back from a network that swallowed its packets."""

BEAT_TICK_SECONDS = 10


def make_app(
    service: str, settings: Settings, queues: Iterable[str], kinds: Iterable[str], executor: Executor
) -> Celery:
    """A Celery app with one task for each job kind, all of which call `executor`."""
    app = Celery(service, broker=settings.broker_url.get_secret_value(), set_as_current=False)
    app.warren_worker = executor
    app.conf.update(
        accept_content=["json"],
        task_acks_late=True,
        task_acks_on_failure_or_timeout=False,  # an exception would acknowledge the message
        task_reject_on_worker_lost=True,
        task_ignore_result=True,  # results are events
        task_queues=[topology.kombu_queue(topology.job_queue(name), declare=False) for name in queues],
        task_create_missing_queues=False,
        task_default_queue=next(iter(queues)),
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,  # our consumer does; this pool cannot
        worker_enable_remote_control=False,  # cancel, health and metrics are ours
        worker_send_task_events=settings.celery_events,  # nearly doubles the cost of a dispatch
        worker_consumer="warren.worker.consumer:Consumer",
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=10,  # seconds; a silent link is noticed within two
        broker_transport_options=TRANSPORT_OPTIONS,
        worker_hijack_root_logger=False,
        worker_log_color=False,
    )
    for kind in kinds:
        app.task(_never, name=kind)
    return app


def _never(**_: Any) -> None:
    """A task in name only: our pool runs the message before Celery would call its function."""
    raise RuntimeError("the pool of this worker is not ours")


def make_worker(app: Celery, concurrency: int, node_name: str) -> Any:
    """A worker on our pool, without the chatter between workers that nobody reads."""
    from warren.worker.consumer import Worker  # noqa: PLC0415  importing it starts Celery's worker machinery

    signals.setup_logging.connect(_keep_our_logging, weak=False)
    # Celery warns root of messages that run code when they are decoded; we take nothing but JSON.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    return Worker(
        app=app,
        pool=LoopPool,
        concurrency=concurrency,
        hostname=node_name,
        queues=[queue.name for queue in app.conf.task_queues],
        without_heartbeat=True,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )


def _keep_our_logging(**_: Any) -> None:
    """Being connected at all keeps Celery from setting up logs."""


def make_beat(
    service: str, settings: Settings, schedules: Iterable[Schedule], ticked: Callable[[], None] = lambda: None
) -> Any:
    """Celery's Beat for these schedules, as a call that blocks. What was due while it was away is not made up for."""
    from celery.apps.beat import Beat  # noqa: PLC0415

    table = {schedule.name: schedule for schedule in schedules}
    app = Celery(service, broker=settings.broker_url.get_secret_value(), set_as_current=False)
    app.conf.update(
        broker_transport_options=TRANSPORT_OPTIONS,
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        task_create_missing_queues=False,
        task_queues=[topology.kombu_queue(topology.job_queue(name), declare=False) for name in topology.JOB_QUEUES],
        beat_schedule={
            name: {"task": name, "schedule": float(schedule.every_seconds)} for name, schedule in table.items()
        },
        beat_max_loop_interval=BEAT_TICK_SECONDS,
        worker_hijack_root_logger=False,
    )

    class SlotScheduler(Scheduler):
        """Sends a schedule's job with the slot it is for."""

        def tick(self, *args: Any, **kwargs: Any) -> Any:
            pause = super().tick(*args, **kwargs)
            ticked()
            return pause

        def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **_: Any) -> Any:  # noqa: ARG002
            schedule = table[entry.name]
            slot = slot_of(datetime.now(UTC), schedule.every_seconds)
            job = JobMessage.of(new_id("job"), schedule.payload(slot))
            if advance:
                self.reserve(entry)
            sent = app.send_task(
                job.kind,
                kwargs=job.keywords,
                task_id=job.job_id,
                queue=job.queue,
                message_id=job.job_id,
                ignore_result=True,
            )
            metrics.SENT.labels(job.kind, job.queue).inc()
            return sent

    signals.setup_logging.connect(_keep_our_logging, weak=False)
    return Beat(app=app, scheduler_cls=SlotScheduler, quiet=True, redirect_stdouts=False).run
