"""Redeliveries that nobody's death caused: RabbitMQ counts a lost connection like the death of a worker."""

from datetime import UTC, datetime

from warren.jobs import JobMessage

MAX_INTERRUPTIONS = 20
"""Lost connections that are not held against a job. A job that holds up its worker's heartbeat loses it each time."""


class Interruptions:
    """What this worker knows of lost connections. Other workers probably lost theirs when it did."""

    def __init__(self) -> None:
        self.lost_at: datetime | None = None
        """When the connection that brings jobs was last lost."""

    def lost(self) -> None:
        """The connection that brings jobs is lost now."""
        self.lost_at = datetime.now(UTC)

    def excused(self, job: JobMessage, run: int) -> JobMessage | None:
        """A fresh message to send in place of this redelivered one, or None if a worker died with it.

        RabbitMQ has counted nothing yet for the fresh one; and as it is newer than the loss, it is excused only once.
        """
        if self.lost_at is None or job.enqueued_at >= self.lost_at or job.interruptions >= MAX_INTERRUPTIONS:
            return None
        return job.model_copy(
            update={
                "run": run,
                "crashes": job.crashes - 1,
                "interruptions": job.interruptions + 1,
                "enqueued_at": datetime.now(UTC),
                "resent": True,
            }
        )
