"""The earlier CSV analyst's clients outside a browser: their `curl` lines as they stand, and their WebSocket.

The page with their JavaScript is in `compat_js/`.
"""

import base64
import json
from pathlib import Path

import pytest
from websockets.sync.client import connect

from .conftest import Suite
from .shell import SECONDS, SERVER, Shell

NEW_SESSION = f"curl -s -X POST {SERVER}/api/sessions"
ANALYZE = (
    f"curl -s -X POST {SERVER}/api/analyze-async "
    '-F "session_id=$SESSION_ID" -F "file=@sales.csv" -F "query=plot total amount by city"'
)
ASK_AGAIN = (
    f"curl -s -X POST {SERVER}/api/analyze-async "
    '-F "session_id=$SESSION_ID" -F "query=what is the average amount by city?"'
)
HEALTH = f"curl -s -f {SERVER}/health"

TABLE = "city,amount\nLyon,1\nLyon,3\nTurin,10\nTurin,20\n"
PNG = "data:image/png;base64,"


@pytest.fixture
def shell(shell: Shell, tmp_path: Path) -> Shell:
    """One in a folder with `sales.csv`."""
    (tmp_path / "sales.csv").write_text(TABLE)
    return shell


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
