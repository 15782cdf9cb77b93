"""A job without a broker, to call a handler with in tests."""

import asyncio
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from warren.contracts.base import JobPayload, Message
from warren.contracts.events import Artifact, Progress

P = TypeVar("P", bound=JobPayload)


@dataclass
class InMemoryJob(Generic[P]):
    """One run of a job: keeps what the handler tells (`reported`, `outputs`, `news`) and stores (`files`, by name).

    The payload goes through JSON once, as it would over the broker.
    """

    payload: P
    id: str = "job_test"
    run: int = 1
    reported: list[Progress] = field(default_factory=list)
    outputs: list[Message] = field(default_factory=list)
    news: list[Message] = field(default_factory=list)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    _told: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.payload = type(self.payload).model_validate_json(self.payload.model_dump_json())

    async def progress(
        self,
        message: str,
        *,
        stage: str,
        percent: float | None = None,
        attempt: int | None = None,
        of: int | None = None,
    ) -> None:
        async with self._told:
            self.reported.append(Progress(stage=stage, message=message, percent=percent, attempt=attempt, of=of))
            self._told.notify_all()

    async def output(self, part: Message) -> None:
        async with self._told:
            self.outputs.append(part)
            self._told.notify_all()

    async def live(self, news: Message) -> None:
        async with self._told:
            self.news.append(news)
            self._told.notify_all()

    async def store(self, name: str, data: bytes, media_type: str) -> Artifact:
        artifact = Artifact(name=name, media_type=media_type, size=len(data), blob=f"jobs/{self.id}/{name}")
        self.artifacts[name] = artifact
        self.files[name] = data
        return artifact

    async def reached(self, stage: str) -> None:
        """Wait until the handler has reported this stage."""
        async with self._told:
            await self._told.wait_for(lambda: any(progress.stage == stage for progress in self.reported))

    @property
    def messages(self) -> list[str]:
        return [progress.message for progress in self.reported]
