"""The life of a job as pure functions: which event changes what. The diagram is in docs/follow-a-job.md."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from warren.contracts.events import EventType, JobEvent

DEAD_LETTER = "job.dead_letter"
"""Error code of a job whose message was given up; only such a job can be requeued."""


class Status(enum.StrEnum):
    queued = "queued"
    in_progress = "in_progress"
    retrying = "retrying"
    completed = "completed"
    failed = "failed"
    cancelled = "cancelled"
    expired = "expired"

    @property
    def terminal(self) -> bool:
        return self in TERMINAL


TERMINAL = frozenset({Status.completed, Status.failed, Status.cancelled, Status.expired})

_AFTER = {
    EventType.started: Status.in_progress,
    EventType.progress: Status.in_progress,
    EventType.output: Status.in_progress,
    EventType.retrying: Status.retrying,
    EventType.completed: Status.completed,
    EventType.failed: Status.failed,
    EventType.cancelled: Status.cancelled,
    EventType.expired: Status.expired,
    EventType.requeued: Status.queued,
}


@dataclass(frozen=True)
class JobState:
    """What the recorder knows and changes of a job: columns of `jobs`, under the same names."""

    id: str
    status: Status
    run: int = 0
    n: int = 0
    progress: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    result_blob: str | None = None
    brief: dict[str, Any] | None = None
    artifacts: Sequence[dict[str, Any]] = ()
    error: dict[str, Any] | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cancel_requested: bool = field(default=False, compare=False)


def apply(job: JobState, event: JobEvent) -> JobState | None:
    """The job after the event, or None if the event is to be ignored.

    Ignored is what is already recorded, what comes from an older run, and everything after a terminal state, which is
    why a job ends exactly once however often its messages are delivered.
    """
    if (event.run, event.n) <= (job.run, job.n):
        return None
    if event.type is EventType.requeued:
        return _requeued(job, event)
    if job.status.terminal or event.type not in _AFTER:
        return None
    after = replace(job, status=_AFTER[event.type], run=event.run, n=event.n)
    match event.type:
        case EventType.started:
            return replace(after, started_at=job.started_at or event.at)
        case EventType.progress:
            return replace(after, progress=event.data)
        case EventType.completed:
            return replace(
                after,
                completed_at=event.at,
                result=event.data.get("result"),
                result_blob=event.data.get("result_blob"),
                brief=event.data.get("brief"),
                artifacts=event.data.get("artifacts", ()),
            )
        case EventType.retrying | EventType.output:
            return after
        case _:
            return replace(after, completed_at=event.at, error=event.data or None)


def next_event(job: JobState, type: EventType, data: dict[str, Any]) -> JobEvent:  # noqa: A002  the contract's name
    """An event that the gateway itself adds to a job's log, behind the last one recorded."""
    return JobEvent(job_id=job.id, run=job.run, n=job.n + 1, type=type, at=datetime.now(UTC), data=data)


def _requeued(job: JobState, event: JobEvent) -> JobState | None:
    if job.status is not Status.failed or (job.error or {}).get("code") != DEAD_LETTER:
        return None
    return replace(job, status=Status.queued, run=event.run, n=event.n, error=None, completed_at=None)
