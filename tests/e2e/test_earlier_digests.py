"""The earlier digest bot's clients: their `curl` lines, against the suite with its real digest service."""

import json
from pathlib import Path
from typing import Any

import pytest

from .shell import SERVER, Shell

JSON = "-H 'Content-Type: application/json'"
COMMAND = f'curl -s -X POST {SERVER}/api/ai/orchestrator-commands {JSON} -d "$BODY"'
CACHE = f"curl -s '{SERVER}/api/posts/cache?limit=100'"
UNPROCESSED = f'curl -s "{SERVER}/api/posts/unprocessed?limit=100&bot_id=$BOT_ID"'
PUBLIC_BOT = f"curl -s {SERVER}/api/public-bots/$BOT_ID"
RESULTS = f'curl -s -X PUT {SERVER}/api/ai/results/batch-status {JSON} -d "$BODY"'

NEW = f'curl -s -X POST "{SERVER}/v1/$WHAT" {JSON} -d "$BODY"'
SEND_POSTS = (
    f'curl -s -X POST "{SERVER}/v1/posts?channel_id=$CHANNEL_ID" '
    "-H 'Content-Type: application/x-ndjson' --data-binary @posts.jsonl"
)
STATUS = f'curl -s "{SERVER}/v1/orchestrator?bot_id=$BOT_ID"'
SHOW = f"curl -s {SERVER}/v1/digests/$DIGEST_ID"

POSTS = (
    ("Cup final decided on penalties", "The football team won the cup final after a goalless match and a shootout."),
    ("Striker signs for rivals", "The striker will play for the rival club next season, its coach told reporters."),
    (
        "Shares fall after profit warning",
        "Shares of the company fell by a tenth after it warned investors about profit.",
    ),
    ("Bank raises interest rates", "The central bank raised interest rates again, and the stock market lost ground."),
)
CATEGORIES = (
    {"name": "Sports", "description": "football matches, teams, players, coaches, cups, championships, goals"},
    {"name": "Business", "description": "companies, shares, profit, investors, banks, interest rates, stock markets"},
)


@pytest.fixture
def bot(shell: Shell, tmp_path: Path) -> str:
    """The id of a bot whose channel has four posts."""
    lines = [json.dumps({"external_id": title, "title": title, "text": text}) for title, text in POSTS]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines))
    channel = shell.run(NEW, WHAT="channels", BODY=json.dumps({"name": "Pushed"}))["id"]
    report = shell.run(SEND_POSTS, CHANNEL_ID=channel)
    assert (report["added"], report["rejected"]) == (4, 0)
    spec = {"name": "News", "channels": [channel], "categories": CATEGORIES}
    bot_id: str = shell.run(NEW, WHAT="bots", BODY=json.dumps(spec))["id"]
    return bot_id


def command(shell: Shell, action: str, **options: str) -> dict[str, Any]:
    return shell.run(COMMAND, BODY=json.dumps({"action": action, **options}))


def test_posts_become_a_digest_in_the_background(shell: Shell, bot: str) -> None:
    waiting = shell.run(UNPROCESSED, BOT_ID=bot)["items"]
    cached = shell.run(CACHE)["items"]
    started = command(shell, "start_background", bot_id=bot)
    (task,) = started["tasks"]
    ended = shell.poll(task["task_id"])[-1]

    assert {item["title"] for item in waiting} == {title for title, _ in POSTS} <= {item["title"] for item in cached}
    assert {"id", "title", "content"} <= set(waiting[0])
    assert (started["status"], started["mode"]) == ("started", "celery")
    assert task == {"bot_id": bot, "task_id": task["task_id"], "status": "queued"}
    assert ended["status"] == "SUCCESS", ended
    digest = shell.run(SHOW, DIGEST_ID=ended["result"]["digest_id"])
    stories = [(section["category"], item) for section in digest["sections"] for item in section["items"]]
    known = {item["id"] for item in waiting}
    assert {category for category, _ in stories} == {"Sports", "Business"}
    assert all(set(sentence["post_ids"]) <= known for _, item in stories for sentence in item["sentences"])
    assert shell.run(UNPROCESSED, BOT_ID=bot)["items"] == []
    told = command(shell, "status", bot_id=bot)
    assert told["tasks"][0]["task_id"] == task["task_id"]


def test_stop_tells_what_it_stopped(shell: Shell, bot: str) -> None:
    stopped = command(shell, "stop", bot_id=bot)

    assert (stopped["status"], stopped["tasks"]) == ("stopped", [])


def test_a_bot_is_public_and_results_of_other_workers_are_kept(shell: Shell, bot: str) -> None:
    public = shell.run(PUBLIC_BOT, BOT_ID=bot)
    posts = [item["id"] for item in shell.run(UNPROCESSED, BOT_ID=bot)["items"]]
    results = [{"post_id": post, "category": "Sports", "summary": "In short."} for post in posts[:2]]
    body = json.dumps({"results": results, "bot_id": bot, "service": "summarization"})
    noted = shell.run(RESULTS, BODY=body)

    assert (public["id"], public["name"], public["max_posts_per_digest"]) == (bot, "News", 15)
    assert "categorization_prompt" in public
    assert {"feed_token", "webhook_secret"}.isdisjoint(public)
    assert (noted["success"], noted["updated"]) == (True, 2)
    assert {item["id"] for item in shell.run(UNPROCESSED, BOT_ID=bot)["items"]} == set(posts[2:])
