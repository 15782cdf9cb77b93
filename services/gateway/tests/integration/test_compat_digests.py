"""Calls of the earlier digest bot's and chat's clients, in front of the stand-in for their service."""

from typing import Any

from warren.contracts import digest_queries as queries
from warren.contracts import digest_records as records

from .conftest import StartGateway
from .digests import NOW, REPLY, DigestService
from .support import RunningGateway

ORCHESTRATOR = "/api/ai/orchestrator-commands"


async def post(gateway: RunningGateway, path: str, **body: Any) -> dict[str, Any]:
    response = await gateway.http.post(path, json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def get(gateway: RunningGateway, path: str) -> dict[str, Any]:
    response = await gateway.http.get(path)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def create_bot(gateway: RunningGateway) -> str:
    spec = {"name": "News", "categories": [{"name": "World"}]}
    bot: str = (await gateway.http.post("/v1/bots", json=spec)).json()["id"]
    return bot


async def test_the_orchestrator_starts_tells_and_stops(gateway: RunningGateway, digests: DigestService) -> None:
    bot = await create_bot(gateway)
    started = await post(gateway, ORCHESTRATOR, action="start_background")
    task = started["tasks"][0]["task_id"]
    await gateway.http.ended(task)
    digests.builds["local", task] = records.Build(id=task, bot_id=bot, status="running", started_at=NOW)
    status = await post(gateway, ORCHESTRATOR, action="status")
    stopped = await post(gateway, ORCHESTRATOR, action="stop")

    assert started == {
        "status": "started",
        "mode": "celery",
        "tasks": [{"bot_id": bot, "task_id": task, "status": "queued"}],
    }
    assert (status["status"], status["tasks"][0]["task_id"]) == ("running", task)
    assert (stopped["status"], stopped["tasks"]) == ("stopped", [{"task_id": task, "status": "stopped"}])
    assert (await gateway.http.post(ORCHESTRATOR, json={"action": "explode"})).status_code == 422


async def test_posts_come_as_items(gateway: RunningGateway, digests: DigestService) -> None:
    bot = await create_bot(gateway)
    channel = (await gateway.http.post("/v1/channels", json={"name": "Pushed"})).json()["id"]
    await gateway.http.post(
        f"/v1/posts?channel_id={channel}", json={"posts": [{"text": f"Post {n}"} for n in range(150)]}
    )
    cached = (await get(gateway, "/api/posts/cache?limit=120"))["items"]
    unprocessed = (await get(gateway, f"/api/posts/unprocessed?limit=5&bot_id={bot}"))["items"]
    of_all = (await get(gateway, "/api/posts/unprocessed?limit=5"))["items"]

    assert len({item["id"] for item in cached}) == 120
    assert cached[0]["content"].startswith("Post ")
    assert [item["bot_id"] for item in unprocessed] == [bot] * 5
    assert of_all == unprocessed
    assert {query.state for query in digests.of(queries.ListPosts)} == {None, "unprocessed"}


async def test_a_bot_is_public_without_its_secrets(gateway: RunningGateway, digests: DigestService) -> None:
    bot = await create_bot(gateway)
    public = await get(gateway, f"/api/public-bots/{bot}")

    assert (public["id"], public["name"], public["max_posts_per_digest"]) == (bot, "News", 15)
    assert {"feed_token", "webhook_secret"}.isdisjoint(public)
    assert (await gateway.http.get("/api/public-bots/bot_none")).status_code == 404


async def test_results_of_other_workers_are_noted(gateway: RunningGateway, digests: DigestService) -> None:
    bot = await create_bot(gateway)
    results = [{"post_id": 17, "category": "World"}, {"post_id": "post_2", "error": "too long"}]
    body = {"results": results, "bot_id": bot, "service": "categorization"}
    response = await gateway.http.put("/api/ai/results/batch-status", json=body)

    assert response.json() == {"success": True, "status": "ok", "updated": 0, "unknown": ["17", "post_2"]}
    noted = digests.of(queries.RecordResults)[0]
    assert (noted.service, noted.results[0].category, noted.results[1].error) == ("categorization", "World", "too long")


async def test_debug_calls_are_there_only_with_the_setting(start_gateway: StartGateway) -> None:
    async with start_gateway() as plain:
        assert (await plain.http.get("/api/debug/celery-status")).status_code == 404
    async with start_gateway(debug=True) as gateway:
        await gateway.parts.broker.ready()
        started = await post(gateway, "/api/debug/test-celery-task")
        status = await get(gateway, "/api/debug/celery-status")

    assert status["reserved"]["gateway"][0]["id"] == started["task_id"]
    assert status["stats"] == {"gateway": {"total": 1}}
    assert "digest.build" in status["registered"]["digest-builds"]
    assert (status["active"], status["scheduled"]) == ({}, {})


async def test_a_message_is_answered_and_its_tasks_looked_at(gateway: RunningGateway, digests: DigestService) -> None:
    said = await post(gateway, "/chat", user_id=7, message="How do tides work?")
    (task,) = said["task_ids"]
    status = await get(gateway, f"/task/{task}/status")
    job = await get(gateway, f"/task/{next(iter(digests.jobs))}/status")
    unknown = await gateway.http.get("/task/nothing/status")

    assert (said["reply"], said["topic"]) == (REPLY, "moon")
    assert (status["task_id"], status["status"], status["result"]["topic"]) == (task, "SUCCESS", "tides")
    assert (job["status"], job["result"]["reply"]) == ("SUCCESS", REPLY)
    assert (unknown.status_code, unknown.json()["status"]) == (404, "PENDING")


async def test_topics_recommendations_and_content_have_their_names(
    gateway: RunningGateway, digests: DigestService
) -> None:
    topic = await get(gateway, "/user/7/topic")
    recommended = await get(gateway, "/user/7/recommendations")
    quotes = await get(gateway, "/content/quotes?topic=tides")
    for kind in ("articles", "videos"):
        assert kind in await get(gateway, f"/content/{kind}?topic=tides")

    assert (topic["user_id"], topic["topic"]) == ("7", "tides")
    assert (recommended["recommendations"][0]["id"], recommended["recommendations"][0]["reason"]) == (
        "itm_1",
        "You asked about tides.",
    )
    assert (quotes["topic"], quotes["quotes"][0]["id"], quotes["stale"]) == ("tides", "itm_1", False)
