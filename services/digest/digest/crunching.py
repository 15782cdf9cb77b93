"""What takes the processor runs in a child process, so that queries and heartbeats never wait for it."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from warren.errors import TransientError

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Cruncher:
    """One child, started when it is first needed: it holds scikit-learn, which this process never loads."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function of a module in the child. Raises what it raises, and `TransientError` if the child dies."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_leave_with_parent)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
        except BrokenProcessPool:
            log.warning("cruncher_died", function=function.__name__)
            self._pool = None
            raise TransientError("digest.process_died", "A process of the digest service died.") from None


def _leave_with_parent() -> None:
    """A worker that is killed leaves nobody behind."""
    os.nice(5)
    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
