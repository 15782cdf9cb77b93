"""Chat, topics, recommendations and content: the gateway's side."""

import json
from typing import Any

from warren.contracts import chat

from .digests import REPLY, DigestService
from .support import RunningGateway

MESSAGE = {"user_id": "ada", "message": "How do tides work?"}


async def test_a_message_is_a_job_and_its_result_the_reply(gateway: RunningGateway, digests: DigestService) -> None:
    headers = {"Idempotency-Key": "hello", "Prefer": "wait=10"}
    said = await gateway.http.post("/v1/chat", json=MESSAGE, headers=headers)
    again = await gateway.http.post("/v1/chat", json=MESSAGE, headers=headers)
    job = said.json()

    assert (said.status_code, job["kind"], job["result"]["reply"]) == (200, "digest.chat", REPLY)
    assert said.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert again.json()["id"] == job["id"]
    assert job["input"]["question"] == MESSAGE["message"]
    assert digests.jobs[job["id"]]["owner"] == "local"


async def test_a_reply_streams_as_it_is_written(gateway: RunningGateway, digests: DigestService) -> None:
    async def stream(**request: Any) -> tuple[str, list[dict[str, Any]]]:
        async with gateway.http.stream("POST", "/v1/chat", **request) as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            told = [json.loads(line[6:]) async for line in response.aiter_lines() if line.startswith("data: ")]
            return response.headers["Location"], told

    location, told = await stream(json={**MESSAGE, "stream": True})
    _, accepted = await stream(json=MESSAGE, headers={"Accept": "text/event-stream"})
    parts = [event["data"] for event in told if event["event"] == "live"]

    assert [event["event"] for event in told if event["event"] != "live"] == [
        "queued",
        "started",
        "output",
        "completed",
    ]
    assert "".join(part["text"] for part in parts) == REPLY
    assert told[-1]["data"]["result"]["reply"] == REPLY
    assert location == f"/v1/jobs/{told[0]['job_id']}"
    assert accepted[-1]["event"] == "completed"
    assert len(digests.jobs) == 2


async def test_a_message_that_does_not_fit_is_refused(gateway: RunningGateway) -> None:
    async def refused(**changes: Any) -> str:
        response = await gateway.http.post("/v1/chat", json={**MESSAGE, **changes})
        assert response.status_code == 422
        pointer: str = response.json()["errors"][0]["pointer"]
        return pointer

    assert await refused(message="  ") == "/message"
    assert await refused(message="x" * 9000) == "/message"
    assert await refused(user_id="") == "/user_id"
    assert await refused(user_id="a/b") == "/user_id"
    assert await refused(engine="other") == "/engine"


async def test_what_is_known_of_a_person(gateway: RunningGateway, digests: DigestService) -> None:
    topic = (await gateway.http.get("/v1/users/Ada Lovelace/topic")).json()
    found = (await gateway.http.get("/v1/users/ada/recommendations?limit=5")).json()
    read = await gateway.http.post("/v1/users/ada/read", json={"item_ids": ["itm_1"]})
    nothing = await gateway.http.post("/v1/users/ada/read", json={"item_ids": []})

    assert (topic["user_id"], topic["topic"]) == ("Ada Lovelace", "tides")
    assert (found["object"], found["user_id"], found["has_more"]) == ("list", "ada", False)
    assert found["data"][0]["item"]["id"] == "itm_1"
    assert found["data"][0]["reason"] == "You asked about tides."
    assert (read.status_code, read.json()) == (200, {"read": 1, "unknown": []})
    assert nothing.status_code == 422
    assert digests.of(chat.RecommendationsQuery)[0].limit == 5


async def test_content_comes_by_kind_and_topic(gateway: RunningGateway, digests: DigestService) -> None:
    quotes = (await gateway.http.get("/v1/content/quotes?topic=tides&language=en")).json()
    popular = (await gateway.http.get("/v1/topics/popular")).json()
    today = (await gateway.http.get("/v1/content")).json()
    for kind in ("articles", "videos"):
        assert (await gateway.http.get(f"/v1/content/{kind}")).status_code == 200

    assert (quotes["topic"], quotes["stale"], quotes["data"][0]["id"]) == ("tides", False, "itm_1")
    assert (popular["data"][0]["topic"], popular["refreshed_at"]) == ("tides", "2026-01-02T03:04:05Z")
    assert (today["stale"], today["quotes"][0]["kind"]) == (True, "quote")
    asked = digests.of(chat.ContentQuery)
    assert [query.kind for query in asked] == ["quote", "article", "video"]
    assert (asked[0].topic, asked[0].language) == ("tides", "en")
