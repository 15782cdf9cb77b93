"""The earlier chat's clients: their `curl` lines, against the suite with its real digest service."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from warren.ids import new_id

from .shell import SECONDS, SERVER, Shell

CHAT = f"curl -s -X POST {SERVER}/chat -H 'Content-Type: application/json' -d \"$BODY\""
TASK_STATUS = f"curl -s {SERVER}/task/$TASK_ID/status"
TOPIC = f"curl -s {SERVER}/user/$USER_ID/topic"
RECOMMENDATIONS = f"curl -s {SERVER}/user/$USER_ID/recommendations"
CONTENT = f"curl -s '{SERVER}/content/KIND?topic=space'"

MESSAGE = "Tell me about space: how do telescopes see distant galaxies and stars?"


def until(look: Callable[[], dict[str, Any]], found: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """What these clients poll for."""
    deadline = time.monotonic() + SECONDS
    while not found(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    return seen


def test_a_message_gets_a_reply_and_then_a_topic_and_recommendations(shell: Shell) -> None:
    user = new_id("user")
    said = shell.run(CHAT, BODY=json.dumps({"user_id": user, "message": MESSAGE}))
    tasks = [
        until(
            lambda task=task: shell.run(TASK_STATUS, TASK_ID=task),  # type: ignore[misc]
            lambda seen: seen["status"] == "SUCCESS",
        )
        for task in said["task_ids"]
    ]
    topic = until(lambda: shell.run(TOPIC, USER_ID=user), lambda seen: seen["topic"])
    found = shell.run(RECOMMENDATIONS, USER_ID=user)

    assert isinstance(said["reply"], str)
    assert said["reply"]
    assert said["topic"] is None  # nothing was said before
    assert [task["task_id"] for task in tasks] == said["task_ids"]
    assert tasks
    assert topic["user_id"] == user
    assert found["recommendations"]
    assert all(item["reason"] and item["text"] for item in found["recommendations"])
    assert shell.run(CHAT, BODY=json.dumps({"user_id": user, "message": "Thanks!"}))["topic"] == topic["topic"]


@pytest.mark.parametrize("kind", ["articles", "videos", "quotes"])
def test_content_of_a_topic_comes_under_its_name(shell: Shell, kind: str) -> None:
    found = shell.run(CONTENT.replace("KIND", kind))

    assert found["topic"] == "space"
    assert found[kind] == found["items"]
    assert found[kind]
    assert isinstance(found["stale"], bool)
