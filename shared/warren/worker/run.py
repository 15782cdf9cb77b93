"""One run of one job: the handle its handler gets, and the outcome that becomes its last event."""

import asyncio
import enum
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

import structlog

from warren.blobs import BlobStore
from warren.contracts.base import JobPayload, JobResult
from warren.contracts.events import Artifact, EventType, Outcome, Progress
from warren.errors import BrokerUnavailable
from warren.worker.log import RunLog

log = structlog.get_logger(__name__)

P = TypeVar("P", bound=JobPayload)
T = TypeVar("T")

RESULT_INLINE_BYTES = 16_384
"""Larger results travel as a blob: quorum queues keep messages in memory."""
CLEAN_UP_SECONDS = 10.0
"""How long a handler that was cancelled may take to clean up before it is left behind."""


class Stop(enum.Enum):
    """Why a run is stopped from outside."""

    cancelled = "somebody asked for it"
    timeout = "it took longer than its kind may"
    superseded = "the same job was delivered again, with a higher run number"
    connection_lost = "RabbitMQ will deliver the message again"
    shutdown = "this worker stops; another goes on"


class JobRun(Generic[P]):
    """Implements `warren.worker.job.Job`."""

    def __init__(self, job_id: str, run: int, payload: P, events: RunLog, blobs: BlobStore) -> None:
        self.id = job_id
        self.run = run
        self.payload = payload
        self._events = events
        self._blobs = blobs
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


class ActiveRun:
    """A run in progress, as the runtime keeps it: its task, and why it was stopped if it was."""

    def __init__(self, job_id: str, run: int) -> None:
        self.job_id = job_id
        self.run = run
        self.stopped: Stop | None = None
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._runtime = asyncio.current_task()

    async def execute(self, handler: Coroutine[Any, Any, T], seconds: float) -> T | None:
        """What the handler returns; None if it was stopped, or took longer than `seconds`: `stopped` says which.

        Raises what the handler raises. It runs in a task of its own: what stops it must not stop the telling of it.
        """
        task = asyncio.create_task(handler)
        either: set[asyncio.Future[Any]] = {task, self._stopping}
        try:
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                self.stop(Stop.timeout)
                task.cancel()
                await asyncio.wait({task}, timeout=CLEAN_UP_SECONDS)
        finally:
            task.cancel()
        if not task.done():
            log.error("handler_ignores_cancellation", seconds=CLEAN_UP_SECONDS)
            return None
        if task.cancelled() or (self.stopped and task.exception()):
            if self.stopped is None:
                raise RuntimeError("the handler cancelled itself")
            return None
        return task.result()

    def stop(self, why: Stop) -> None:
        """Cancel the handler; its `finally` blocks kill what it started. The first reason stays."""
        if self.stopped is None:
            self.stopped = why
            self._stopping.set_result(None)

    def abandon(self) -> None:
        """Stop even the telling of it: this process ends, and RabbitMQ will deliver the message again."""
        if self._runtime is not None:
            self._runtime.cancel()

    @property
    def given_up(self) -> bool:
        """Whether this process should no longer speak for the job."""
        return self.stopped in {Stop.superseded, Stop.connection_lost}
