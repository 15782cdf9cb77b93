"""What every message, and every job payload, is made of."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """An immutable message; fields unknown to this version are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class JobPayload(Message):
    """The input of one job kind. Subclass it, give it a handler, and the job kind exists."""

    kind: ClassVar[str]
    """Stable name, `<service>.<work>`; it is the Celery task name and what clients see."""
    kind_aliases: ClassVar[tuple[str, ...]] = ()
    """Earlier names of the kind, still accepted by workers."""
    queue: ClassVar[str]
    """Name of the queue, which is also the routing key (see `warren.topology`)."""
    version: ClassVar[int] = 1
    timeout: ClassVar[float] = 600.0
    """Seconds one run may take; then the job fails with `job.timeout`."""
    max_retries: ClassVar[int] = 3
    """How many times a `TransientError` is tried again before the job fails."""
    innocent_after: ClassVar[float | None] = None
    """Seconds a run that may have killed workers must last until others run beside it (docs/decisions/0005); None: to
    its end. For jobs that last so long that others cannot wait."""


class Query(Message):
    """A question another service answers now, in less than ~100 ms; what takes longer is a job."""

    name: ClassVar[str]
    """`<service>.<what>`; the part before the dot says which service answers."""


class JobResult(Message):
    """What a job returns."""

    brief: ClassVar[frozenset[str]] = frozenset()
    """Fields small enough to travel with the event and in lists when the whole result is a blob."""


class Empty(JobResult):
    """The result of a job that is done for its effect."""
