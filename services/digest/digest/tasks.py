"""What the digest service does: the table of its jobs."""

from typing import Any

from digest.errors import Refused
from warren.contracts.base import JobPayload, JobResult
from warren.contracts.digest import (
    BuildDigest,
    CategorizeBatch,
    DeliverDigest,
    PollFeed,
    PreviewBot,
    RerunDigest,
    SummarizeBatch,
    Tick,
)
from warren.database import Database
from warren.worker.job import Job
from warren.worker.runtime import JobHandlers
from warren.worker.service import Core

KINDS: tuple[type[JobPayload], ...] = (
    BuildDigest, CategorizeBatch, SummarizeBatch, PreviewBot, RerunDigest, PollFeed, DeliverDigest, Tick,
)  # fmt: skip


def handlers(_database: Database, _core: Core) -> JobHandlers:
    """Job kinds and who does them."""

    async def later(job: Job[Any]) -> JobResult:
        raise Refused("digest.unavailable", f"{job.payload.kind} cannot be done by this version.")

    return dict.fromkeys(KINDS, later)
