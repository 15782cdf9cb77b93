"""A bounded store of frames that were read already, so that the next question about a file need not read it again."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from analyzer.frames import PreparedFrame

log = structlog.get_logger(__name__)

_PREFIX = "worker-"
_LOCK = "lock"

Prepare = Callable[[Path], Awaitable[PreparedFrame]]
"""Reads a file into a frame inside the given folder."""


@dataclass
class _Entry:
    folder: Path
    filling: asyncio.Lock = field(default_factory=asyncio.Lock)
    frame: PreparedFrame | None = None
    size: int = 0
    users: int = 0


class Spool:
    """Keeps the most recently used frames, up to `max_bytes` together; those in use stay even above that.

    Each process has a folder of its own in `directory`, made on `with` and removed after it. The folder of a process
    that was killed is removed by the next one: its lock file is no longer locked.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        # One worker at a time, or one could sweep the folder that another has made but not yet locked.
        with (self._directory / _LOCK).open("w") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            self._sweep()
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._directory))
            self._lock = os.open(self._folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)

    @contextlib.asynccontextmanager
    async def lease(self, key: str, prepare: Prepare) -> AsyncIterator[PreparedFrame]:
        """The frame under `key`, which stays on disk inside the `async with`; `prepare` makes it when it is missing.

        What `prepare` raises is raised, and nothing is kept then.
        """
        entry = self._entries.setdefault(key, _Entry(self._folder / uuid.uuid4().hex))
        self._entries.move_to_end(key)
        entry.users += 1
        try:
            async with entry.filling:  # two questions about a new file read it once
                frame = entry.frame or await self._fill(entry, prepare)
            yield frame
        finally:
            entry.users -= 1
            await self._evict()

    async def _fill(self, entry: _Entry, prepare: Prepare) -> PreparedFrame:
        entry.folder.mkdir()
        try:
            frame = await prepare(entry.folder)
        except BaseException:
            shutil.rmtree(entry.folder)
            raise
        entry.size = sum(file.stat().st_size for file in entry.folder.iterdir())
        entry.frame = frame
        return frame

    async def _evict(self) -> None:
        """Drop what nobody uses: entries that could not be filled, then the least recently used above the bound."""
        total = sum(entry.size for entry in self._entries.values())
        for key, entry in list(self._entries.items()):
            if entry.users or (entry.frame is not None and total <= self._max_bytes):
                continue
            del self._entries[key]
            total -= entry.size
            await asyncio.to_thread(shutil.rmtree, entry.folder, ignore_errors=True)

    def _sweep(self) -> None:
        for folder in self._directory.glob(f"{_PREFIX}*"):
            with contextlib.suppress(FileNotFoundError), (folder / _LOCK).open("r+") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
            shutil.rmtree(folder, ignore_errors=True)
            log.info("abandoned_frames_removed", folder=folder.name)
