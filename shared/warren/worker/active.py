"""The runs in progress in this process: what stops them, and who waits for them."""

import asyncio
import contextlib
import enum
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

CLEAN_UP_SECONDS = 10.0
"""How long a handler that was cancelled may take to clean up before it is left behind."""


class Stop(enum.Enum):
    """Why a run is stopped from outside."""

    cancelled = "somebody asked for it"
    timeout = "it took longer than its kind may"
    superseded = "the same job was delivered again, with a higher run number"
    connection_lost = "RabbitMQ will deliver the message again"
    shutdown = "this worker stops; another goes on"


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
        if self.stopped is not None:
            handler.close()
            return None
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

    async def pause(self, seconds: float) -> None:
        """Wait, unless it is stopped before."""
        await asyncio.wait({self._stopping}, timeout=seconds)

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


class ActiveRuns:
    """All of them, by job. `suspect` is the one that may have killed workers, if such a one runs."""

    def __init__(self) -> None:
        self.suspect: ActiveRun | None = None
        self._by_job: dict[str, ActiveRun] = {}
        self._running: set[ActiveRun] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._running)

    @property
    def job_ids(self) -> tuple[str, ...]:
        return tuple(self._by_job)

    def of(self, job_id: str) -> ActiveRun | None:
        """The latest run of this job here."""
        return self._by_job.get(job_id)

    @contextlib.contextmanager
    def entered(self, active: ActiveRun, *, suspect: bool) -> Iterator[None]:
        """Count the run as one of them within the block."""
        self._by_job[active.job_id] = active
        self._running.add(active)
        self._idle.clear()
        if suspect:
            self.suspect = active
        try:
            yield
        finally:
            self._running.discard(active)
            if self.suspect is active:
                self.suspect = None
            if self._by_job.get(active.job_id) is active:
                del self._by_job[active.job_id]
            if not self._running:
                self._idle.set()

    def acquit(self, active: ActiveRun) -> None:
        """Believe that this run kills no workers: the next suspect may run beside it."""
        if self.suspect is active:
            self.suspect = None

    def stop(self, why: Stop) -> None:
        for active in tuple(self._running):
            active.stop(why)

    def abandon(self) -> None:
        for active in tuple(self._running):
            active.abandon()

    async def idle_within(self, seconds: float) -> bool:
        """Whether all are over by then."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
