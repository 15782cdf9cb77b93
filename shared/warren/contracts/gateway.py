"""Jobs and queries of the gateway."""

from typing import ClassVar

from warren.contracts.base import JobPayload, JobResult, Message, Query


class Housekeeping(JobPayload):
    """Expire sessions, purge old jobs and files, end jobs that nobody will finish. `slot` is the scheduled minute."""

    kind: ClassVar[str] = "gateway.housekeeping"
    queue: ClassVar[str] = "gateway"
    timeout: ClassVar[float] = 300.0

    slot: str


class HousekeepingReport(JobResult):
    """How many of each were removed or ended."""

    expired_sessions: int = 0
    purged_jobs: int = 0
    purged_files: int = 0
    ended_jobs: int = 0


class JobStatesQuery(Query):
    """Asks the gateway which of these jobs should no longer run. A worker asks when it may have missed news."""

    name: ClassVar[str] = "gateway.job_states"
    job_ids: tuple[str, ...]


class JobStates(Message):
    """`finished`: already in a terminal state. `cancelling`: asked to stop but not yet ended."""

    finished: tuple[str, ...] = ()
    cancelling: tuple[str, ...] = ()
