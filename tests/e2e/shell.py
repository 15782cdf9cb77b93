"""A shell for the lines of earlier clients' scripts, which print JSON."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

SERVER = "http://localhost:8000"
"""Where these lines look for the server; only the port is another in the tests."""
TASK = f"curl -s {SERVER}/api/tasks/$TASK_ID"
SECONDS = 60.0
ENDED = {"SUCCESS", "FAILURE", "REVOKED"}


class Shell:
    """A shell in a folder, for lines that print one JSON object."""

    def __init__(self, url: str, folder: Path) -> None:
        self._port = url.rpartition(":")[2]
        self._folder = folder

    def run(self, line: str, **variables: str) -> dict[str, Any]:
        done = subprocess.run(
            ["/bin/sh", "-c", line.replace(":8000/", f":{self._port}/")],
            cwd=self._folder,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "NO_PROXY": "localhost", **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def poll(self, task_id: str) -> list[dict[str, Any]]:
        """What the task's address says until the task has ended."""
        seen: list[dict[str, Any]] = []
        deadline = time.monotonic() + SECONDS
        while not seen or seen[-1]["status"] not in ENDED:
            assert time.monotonic() < deadline, seen[-1]
            seen.append(self.run(TASK, TASK_ID=task_id))
            time.sleep(0.1)
        return seen
