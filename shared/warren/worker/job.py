"""What a handler sees of the job it runs."""

from typing import Generic, Protocol, TypeVar

from warren.contracts.base import JobPayload, Message
from warren.contracts.events import Artifact

P_co = TypeVar("P_co", bound=JobPayload, covariant=True)


class Job(Protocol, Generic[P_co]):
    """One run of one job, a handler's only argument: `async def handle(job: Job[CsvAnalysis]) -> CsvReport`."""

    @property
    def id(self) -> str: ...

    @property
    def run(self) -> int:
        """Counts deliveries of this job from 1: above 1 after a crash or a retry."""

    @property
    def payload(self) -> P_co: ...

    async def progress(
        self,
        message: str,
        *,
        stage: str,
        percent: float | None = None,
        attempt: int | None = None,
        of: int | None = None,
    ) -> None:
        """Tell watchers how far the job is. `percent` is 0-100. Never fails the job: told later if RabbitMQ is away."""

    async def output(self, part: Message) -> None:
        """Tell a part of the result before the end. Returns once RabbitMQ has it, however long that is away."""

    async def live(self, news: Message) -> None:
        """Tell watchers something that matters only now; lost if nobody listens, or RabbitMQ is away."""

    async def store(self, name: str, data: bytes, media_type: str) -> Artifact:
        """Keep a file as an artifact of this job; clients list and download it. The same name again replaces it."""
