"""One run per data directory."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from warren.errors import WarrenError


class AlreadyRunning(WarrenError):
    """Another `make run` uses the data directory."""

    def __init__(self, url: str, pid: int) -> None:
        super().__init__(
            f"Warren already runs: open {url}, or stop it first with Ctrl-C in its terminal (or `kill {pid}`)."
        )
        self.url = url
        self.pid = pid


class RunLock:
    """Held by the running suite; the system releases it when the process is gone, in whatever way it went."""

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._url = url
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Raises AlreadyRunning."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = json.loads(file.read() or '{"url": "it", "pid": 0}')
            file.close()
            raise AlreadyRunning(holder["url"], holder["pid"]) from None
        file.truncate(0)
        json.dump({"url": self._url, "pid": os.getpid()}, file)
        file.flush()
        self._file = file

    def close(self) -> None:
        """Let the next run begin."""
        if self._file is not None:
            self._file.close()
            self._file = None
