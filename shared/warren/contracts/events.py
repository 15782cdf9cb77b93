"""What happened to a job, told by the process that runs it."""

import enum
from datetime import datetime
from typing import Any

from pydantic import Field

from warren.contracts.base import Message


class EventType(enum.StrEnum):
    """Every kind of event in a job's log."""

    queued = "queued"
    """Accepted by the gateway. Always event 0-0."""
    started = "started"
    """A worker took it; the first event of each run."""
    progress = "progress"
    """Something a person may want to see; `data` is a `Progress`."""
    output = "output"
    """Part of the result, told as soon as it is known; `data` is a message of the service's contract."""
    live = "live"
    """Of interest only now: neither numbered nor recorded. It has the number of the last event before it; `data` is a
    message of the service's contract."""
    retrying = "retrying"
    """This run failed for a passing reason; another follows; `data` is a `Failure` and `delay_seconds`."""
    completed = "completed"
    """The handler returned; `data` is an `Outcome`."""
    failed = "failed"
    """It will not be tried again; `data` is a `Failure`."""
    cancelled = "cancelled"
    """Stopped because somebody asked for it."""
    expired = "expired"
    """It waited past its `expires_at` and was never finished."""
    requeued = "requeued"
    """An operator sent a dead-lettered job again; the only event that leaves a terminal state."""

    @property
    def terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL = frozenset({EventType.completed, EventType.failed, EventType.cancelled, EventType.expired})


class Progress(Message):
    """How far a job is. `percent` is 0-100 or unknown; `attempt` counts from 1 up to `of`."""

    stage: str
    message: str
    percent: float | None = None
    attempt: int | None = None
    of: int | None = None


class Failure(Message):
    """Why a job failed. `code` is stable and listed in docs/api.md; `message` is for a person; `details` for both."""

    code: str
    message: str
    retryable: bool = False
    details: dict[str, Any] = Field(default_factory=dict)


class Artifact(Message):
    """A file a job made. `name` is unique within the job; `blob` is its key in the blob store."""

    name: str
    media_type: str
    size: int
    blob: str


class Outcome(Message):
    """What a job returned: a small result travels inside, a large one as a JSON blob with its `brief` fields beside."""

    result: dict[str, Any] | None = None
    result_blob: str | None = None
    brief: dict[str, Any] | None = None
    artifacts: tuple[Artifact, ...] = ()


class JobEvent(Message):
    """One line of a job's log. `(run, n)` orders it: run counts deliveries, n counts events of that run from 1."""

    job_id: str
    run: int
    n: int
    type: EventType
    at: datetime
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id clients see and resume from, like `1-17`."""
        return f"{self.run}-{self.n}"


class EventBatch(Message):
    """Body of a message on `warren.events`: events of one job or of several; those of the same job oldest first."""

    events: tuple[JobEvent, ...]
