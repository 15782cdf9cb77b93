"""Metrics of every process, under the names celery-exporter uses where there is one, so that its dashboards fit."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram, Info

_LABELS = ("name", "queue_name")

SENT = Counter("celery_task_sent", "Jobs handed to RabbitMQ", _LABELS)
RECEIVED = Counter("celery_task_received", "Jobs a worker took from its queue", _LABELS)
STARTED = Counter("celery_task_started", "Runs begun", _LABELS)
SUCCEEDED = Counter("celery_task_succeeded", "Jobs completed", _LABELS)
FAILED = Counter("celery_task_failed", "Jobs failed", _LABELS)
RETRIED = Counter("celery_task_retried", "Runs that ended in another try", _LABELS)
REJECTED = Counter("celery_task_rejected", "Runs handed back to the queue", _LABELS)
REVOKED = Counter("celery_task_revoked", "Jobs cancelled", _LABELS)
RUNTIME = Histogram(
    "celery_task_runtime_seconds",
    "Time of one run",
    _LABELS,
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
)
QUEUE_WAIT = Histogram(
    "celery_task_queue_wait_seconds",
    "Time from being sent to being taken",
    _LABELS,
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
WORKER_UP = Gauge("celery_worker_up", "1 while this worker is consuming", ("hostname",))
TASKS_ACTIVE = Gauge("celery_worker_tasks_active", "Jobs running in this worker now", ("hostname",))
BUILD = Info("warren_build", "Version of the service")


def begin(kinds: Iterable[tuple[str, str]]) -> None:
    """Show the counters of these (job kind, queue) at 0: to a rate, a series that appears at 1 never grew."""
    for labels in kinds:
        for counter in (RECEIVED, STARTED, SUCCEEDED, FAILED, RETRIED, REJECTED, REVOKED):
            counter.labels(*labels)
