"""The handle a handler gets of the run of its job, and the outcome that becomes the last event."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import structlog

from warren.blobs import BlobStore
from warren.contracts.base import JobPayload, JobResult, Message
from warren.contracts.events import Artifact, EventType, JobEvent, Outcome, Progress
from warren.errors import BrokerUnavailable
from warren.worker.log import RunLog, insist

log = structlog.get_logger(__name__)

P = TypeVar("P", bound=JobPayload)

PublishLive = Callable[[JobEvent], Awaitable[None]]

RESULT_INLINE_BYTES = 16_384
"""Larger results travel as a blob: quorum queues keep messages in memory."""


class JobRun(Generic[P]):
    """Implements `warren.worker.job.Job`."""

    def __init__(
        self, job_id: str, run: int, payload: P, events: RunLog, blobs: BlobStore, publish_live: PublishLive
    ) -> None:
        self.id = job_id
        self.run = run
        self.payload = payload
        self._events = events
        self._blobs = blobs
        self._publish_live = publish_live
        self._artifacts: dict[str, Artifact] = {}

    async def progress(
        self,
        message: str,
        *,
        stage: str,
        percent: float | None = None,
        attempt: int | None = None,
        of: int | None = None,
    ) -> None:
        told = Progress(stage=stage, message=message, percent=percent, attempt=attempt, of=of)
        self._events.add(EventType.progress, told.model_dump(mode="json"))
        try:
            await self._events.send()
        except BrokerUnavailable as error:
            log.warning("progress_delayed", error=str(error))

    async def output(self, part: Message) -> None:
        self._events.add(EventType.output, part.model_dump(mode="json"))
        # Whoever gives this run up also cancels the handler, and this wait with it.
        await insist(self._events.send, lambda: False)

    async def live(self, news: Message) -> None:
        event = JobEvent(
            job_id=self.id,
            run=self.run,
            n=self._events.last,
            type=EventType.live,
            at=datetime.now(UTC),
            data=news.model_dump(mode="json"),
        )
        try:
            await self._publish_live(event)
        except BrokerUnavailable as error:
            log.info("live_event_lost", error=str(error))

    async def store(self, name: str, data: bytes, media_type: str) -> Artifact:
        # The run number keeps a run that was given up, but still writes, away from the one that counts.
        key = f"jobs/{self.id}/{self.run}/{name}"
        size = await self._blobs.put(key, data)
        artifact = Artifact(name=name, media_type=media_type, size=size, blob=key)
        self._artifacts[name] = artifact
        return artifact

    async def outcome(self, result: JobResult) -> dict[str, Any]:
        """The data of the `completed` event."""
        artifacts = tuple(self._artifacts.values())
        encoded = result.model_dump_json().encode()
        brief = result.model_dump(mode="json", include=set(result.brief)) or None
        if len(encoded) <= RESULT_INLINE_BYTES:
            return Outcome(result=result.model_dump(mode="json"), brief=brief, artifacts=artifacts).model_dump(
                mode="json"
            )
        key = f"jobs/{self.id}/{self.run}/result.json"
        await self._blobs.put(key, encoded)
        return Outcome(result_blob=key, brief=brief, artifacts=artifacts).model_dump(mode="json")
