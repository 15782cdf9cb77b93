"""The earlier CSV analyst's clients outside a browser: their `curl` lines as they stand, and their WebSocket.

The page with their JavaScript is in `compat_js/`.
"""

import base64
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from .conftest import Suite

SERVER = "http://localhost:8000"
"""Where these lines look for the server; only the port is another in the tests."""
NEW_SESSION = f"curl -s -X POST {SERVER}/api/sessions"
ANALYZE = (
    f"curl -s -X POST {SERVER}/api/analyze-async "
    '-F "session_id=$SESSION_ID" -F "file=@sales.csv" -F "query=plot total amount by city"'
)
ASK_AGAIN = (
    f"curl -s -X POST {SERVER}/api/analyze-async "
    '-F "session_id=$SESSION_ID" -F "query=what is the average amount by city?"'
)
TASK = f"curl -s {SERVER}/api/tasks/$TASK_ID"
HEALTH = f"curl -s -f {SERVER}/health"

TABLE = "city,amount\nLyon,1\nLyon,3\nTurin,10\nTurin,20\n"
PNG = "data:image/png;base64,"
SECONDS = 60.0
ENDED = {"SUCCESS", "FAILURE", "REVOKED"}


class Shell:
    """A shell in a folder with `sales.csv`, for lines that print one JSON object."""

    def __init__(self, suite: Suite, folder: Path) -> None:
        self._port = suite.url.rpartition(":")[2]
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


@pytest.fixture
def shell(suite: Suite, tmp_path: Path) -> Shell:
    if shutil.which("curl") is None:
        pytest.skip("needs curl: apt-get install curl")
    (tmp_path / "sales.csv").write_text(TABLE)
    return Shell(suite, tmp_path)


def test_the_curl_lines_go_from_a_session_to_a_result(shell: Shell) -> None:
    session = shell.run(NEW_SESSION)["session_id"]
    accepted = shell.run(ANALYZE, SESSION_ID=session)
    *waiting, ended = shell.poll(accepted["task_id"])

    assert accepted == {"success": True, "task_id": accepted["task_id"], "status": "queued"}
    for task in waiting:
        assert task["task_id"] == accepted["task_id"]
        assert task["status"] in {"PENDING", "PROCESSING"}
        assert isinstance(task["meta"]["status"], str)
        assert isinstance(task["meta"]["attempt"], int)
    assert (ended["task_id"], ended["status"]) == (accepted["task_id"], "SUCCESS")
    assert ended["result"]["success"] is True
    assert "df" in ended["result"]["final_code"]
    assert ended["result"]["plots"]
    assert all(plot.startswith(PNG) for plot in ended["result"]["plots"])


def test_a_second_question_needs_no_second_upload(shell: Shell) -> None:
    session = shell.run(NEW_SESSION)["session_id"]
    shell.poll(shell.run(ANALYZE, SESSION_ID=session)["task_id"])
    ended = shell.poll(shell.run(ASK_AGAIN, SESSION_ID=session)["task_id"])[-1]

    assert ended["status"] == "SUCCESS"
    assert "15" in ended["result"]["answer"]


def test_health_has_the_fields_they_look_at(shell: Shell) -> None:
    health = shell.run(HEALTH)

    assert health["status"] == "healthy"
    assert health["services"] == {"rabbitmq": "ok", "postgres": "ok", "celery": "ok"}


def test_the_socket_sends_progress_and_then_the_result(shell: Shell, suite: Suite) -> None:
    session = shell.run(NEW_SESSION)["session_id"]
    question = {"type": "analyze", "file_base64": base64.b64encode(TABLE.encode()).decode(), "query": "total by city"}
    with connect(f"ws{suite.url.removeprefix('http')}/ws/analyze/{session}", max_size=None, proxy=None) as socket:
        socket.send(json.dumps(question))
        messages = [json.loads(socket.recv(SECONDS))]
        while messages[-1]["type"] == "progress":
            messages.append(json.loads(socket.recv(SECONDS)))

    *progress, last = messages
    assert any("Attempt 1/3" in message["meta"]["status"] for message in progress)
    assert last["type"] == "result", last
    assert last["result"]["success"] is True
    assert "df" in last["result"]["final_code"]
    assert "30" in last["result"]["answer"]


def test_the_socket_says_what_is_wrong(shell: Shell, suite: Suite) -> None:
    session = shell.run(NEW_SESSION)["session_id"]
    with connect(f"ws{suite.url.removeprefix('http')}/ws/analyze/{session}", proxy=None) as socket:
        socket.send(json.dumps({"type": "analyze", "file_base64": "bm90IGEgdGFibGU=", "query": ""}))

        assert json.loads(socket.recv(SECONDS))["type"] == "error"
