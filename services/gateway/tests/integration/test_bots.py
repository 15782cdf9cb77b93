"""Bots, channels, runs and feeds: the gateway's side of `/v1/bots`, `/v1/channels` and `/v1/orchestrator`."""

from typing import Any

from warren.contracts import digest_queries as queries
from warren.contracts import digest_records as records
from warren.contracts.digest import BuildDigest

from .conftest import StartGateway
from .digests import NOW, DigestService, digest_service
from .support import RunningGateway, make_client

SPEC: dict[str, Any] = {"name": "News", "categories": [{"name": "World"}, {"name": "Sports"}]}


async def create_bot(gateway: RunningGateway, **changes: Any) -> dict[str, Any]:
    response = await gateway.http.post("/v1/bots", json={**SPEC, **changes})
    assert response.status_code == 201, response.text
    bot: dict[str, Any] = response.json()
    assert response.headers["Location"] == f"/v1/bots/{bot['id']}"
    return bot


async def test_a_bot_is_created_read_changed_listed_and_deleted(
    gateway: RunningGateway, digests: DigestService
) -> None:
    bot = await create_bot(gateway, schedule="0 7 * * *")
    path = f"/v1/bots/{bot['id']}"
    read = (await gateway.http.get(path)).json()
    changed = (await gateway.http.patch(path, json={"name": "Old news", "active": False})).json()
    other = await create_bot(gateway)
    page = (await gateway.http.get("/v1/bots?limit=1")).json()
    rest = (await gateway.http.get(f"/v1/bots?after={page['last_id']}")).json()
    versions = (await gateway.http.get(f"{path}/prompts")).json()
    deleted = await gateway.http.delete(path)

    assert bot == read
    assert (bot["object"], bot["categories"][1]["name"], bot["max_posts_per_digest"]) == ("bot", "Sports", 15)
    assert (changed["name"], changed["active"], changed["schedule"]) == ("Old news", False, "0 7 * * *")
    assert (page["data"][0]["id"], page["has_more"]) == (other["id"], True)
    assert ([item["id"] for item in rest["data"]], rest["has_more"]) == ([bot["id"]], False)
    assert versions["data"][0]["version"] == 2
    assert deleted.status_code == 204
    gone = await gateway.http.get(path)
    assert (gone.status_code, gone.json()["code"]) == (404, "bot.not_found")
    assert digests.of(queries.DeleteBot)[0].owner == "local"


async def test_a_bot_that_does_not_fit_is_refused_field_by_field(gateway: RunningGateway) -> None:
    async def refused(body: Any) -> dict[str, Any]:
        response = await gateway.http.post("/v1/bots", json=body)
        assert response.status_code == 422, response.text
        problem: dict[str, Any] = response.json()
        return problem

    assert (await refused({**SPEC, "categories": []}))["errors"][0]["pointer"] == "/categories"
    assert (await refused({**SPEC, "categorization_prompt": "x" * 100_000}))["errors"][0]["code"] == "string_too_long"
    assert "different names" in (await refused({**SPEC, "categories": [{"name": "a"}, {"name": " A"}]}))["detail"]
    assert "NUL" in (await refused({**SPEC, "name": "a\0b"}))["detail"]
    text = await gateway.http.post("/v1/bots", content=b"name=News", headers={"Content-Type": "text/plain"})
    assert (text.status_code, text.json()["code"]) == (415, "request.media_type")


async def test_the_same_bot_under_the_same_key_is_created_once(gateway: RunningGateway, digests: DigestService) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await gateway.http.post("/v1/bots", json=SPEC, headers=headers)
    again = await gateway.http.post("/v1/bots", json=SPEC, headers=headers)
    other = await gateway.http.post("/v1/bots", json={**SPEC, "name": "Other"}, headers=headers)

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.json()["code"] == "idempotency_key.reused"
    assert len(digests.bots) == 1


async def test_a_refused_bot_leaves_its_idempotency_key_free(gateway: RunningGateway, digests: DigestService) -> None:
    headers = {"Idempotency-Key": "two"}
    unsafe = {"name": "Ours", "url": "http://127.0.0.1/feed"}
    refused = await gateway.http.post("/v1/channels", json=unsafe, headers=headers)
    created = await gateway.http.post("/v1/channels", json={"name": "Ours"}, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (422, "url.unsafe")
    assert created.status_code == 201
    assert len(digests.channels) == 1


async def test_channels_are_created_changed_polled_and_deleted(gateway: RunningGateway, digests: DigestService) -> None:
    spec = {"name": "Feed", "url": "https://example.org/feed.xml"}
    channel = (await gateway.http.post("/v1/channels", json=spec)).json()
    path = f"/v1/channels/{channel['id']}"
    changed = (await gateway.http.patch(path, json={"poll_seconds": 3600})).json()
    listed = (await gateway.http.get("/v1/channels")).json()
    poll = await gateway.http.post(f"{path}/polls", headers={"Prefer": "wait=10"})
    deleted = await gateway.http.delete(path)

    assert (changed["url"], changed["poll_seconds"]) == ("https://example.org/feed.xml", 3600)
    assert [item["id"] for item in listed["data"]] == [channel["id"]]
    assert (poll.status_code, poll.json()["kind"]) == (200, "digest.poll")
    assert digests.jobs[poll.json()["id"]]["channel_id"] == channel["id"]
    assert (deleted.status_code, (await gateway.http.get(path)).status_code) == (204, 404)


async def test_a_run_and_a_preview_are_jobs_of_the_bot(gateway: RunningGateway, digests: DigestService) -> None:
    bot = await create_bot(gateway)
    path = f"/v1/bots/{bot['id']}"
    run = await gateway.http.post(f"{path}/runs", json={"max_posts": 5}, headers={"Idempotency-Key": "run"})
    again = await gateway.http.post(f"{path}/runs", json={"max_posts": 5}, headers={"Idempotency-Key": "run"})
    preview = await gateway.http.post(f"{path}/previews", json={"categorization_prompt": "Strictly."})
    ended = await gateway.http.ended(run.json()["id"])
    await gateway.http.ended(preview.json()["id"])
    nobody = await gateway.http.post("/v1/bots/bot_none/runs")

    assert (run.status_code, run.json()["kind"], run.json()["input"]["bot_id"]) == (202, "digest.build", bot["id"])
    assert again.json()["id"] == run.json()["id"]
    assert ended["status"] == "completed"
    assert (
        digests.jobs[ended["id"]] | {"owner": "local", "bot_id": bot["id"], "max_posts": 5} == digests.jobs[ended["id"]]
    )
    assert digests.jobs[preview.json()["id"]]["categorization_prompt"] == "Strictly."
    assert digests.jobs[preview.json()["id"]]["max_posts"] == 10
    assert (nobody.status_code, nobody.json()["code"]) == (404, "bot.not_found")


async def test_a_run_shows_its_batches_to_its_own_bot_only(gateway: RunningGateway, digests: DigestService) -> None:
    bot = await create_bot(gateway)
    batch = records.BatchState(n=1, size=3, state="categorizing")
    build = records.Build(id="job_1", bot_id=bot["id"], status="running", batches=(batch,), started_at=NOW)
    digests.builds["local", "job_1"] = build

    found = (await gateway.http.get(f"/v1/bots/{bot['id']}/runs/job_1")).json()
    listed = (await gateway.http.get(f"/v1/bots/{bot['id']}/runs")).json()
    elsewhere = await gateway.http.get("/v1/bots/bot_other/runs/job_1")

    assert found["batches"] == [batch.model_dump()]
    assert listed["data"] == [found]
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "build.not_found")


async def test_a_feed_reader_needs_no_key_but_the_token(start_gateway: StartGateway, gateway_vhost: str) -> None:
    async with start_gateway(auth="keys") as gateway, digest_service(gateway_vhost):
        await gateway.parts.broker.ready()
        async with gateway.client(await gateway.create_key()) as owner:
            bot = (await owner.post("/v1/bots", json=SPEC)).json()
            with_key = await owner.get(f"/v1/bots/{bot['id']}/feed.atom")
        async with make_client(gateway.url) as reader:
            feed = await reader.get(bot["feed_url"])
            unchanged = await reader.get(bot["feed_url"], headers={"If-None-Match": feed.headers["ETag"]})
            wrong = await reader.get(f"/v1/bots/{bot['id']}/feed.atom?token=wrong")
            neither = await reader.get(f"/v1/bots/{bot['id']}/feed.atom")

    assert (feed.status_code, feed.headers["Content-Type"]) == (200, "application/atom+xml")
    assert feed.text == f"<feed>{gateway.url}{bot['feed_url']} {gateway.url}/#/digests/{{id}}</feed>"
    assert with_key.status_code == 200
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (wrong.status_code, neither.status_code) == (404, 401)


async def test_all_active_bots_start_and_those_that_run_go_on(gateway: RunningGateway, digests: DigestService) -> None:
    idle, busy = await create_bot(gateway), await create_bot(gateway)
    asleep = await create_bot(gateway, active=False)
    running = records.Build(id="job_1", bot_id=busy["id"], status="running", started_at=NOW)
    digests.builds["local", "job_1"] = running

    headers = {"Idempotency-Key": "start"}
    response = await gateway.http.post("/v1/orchestrator/start", json={"sync": True}, headers=headers)
    started = {one["bot_id"]: one for one in response.json()["data"]}
    again = await gateway.http.post("/v1/orchestrator/start", json={"sync": True}, headers=headers)
    one = (await gateway.http.post("/v1/orchestrator/start", json={"bot_id": asleep["id"]})).json()["data"]
    await gateway.http.ended(started[idle["id"]]["job_id"])

    assert response.status_code == 202
    assert set(started) == {idle["id"], busy["id"]}
    assert (started[busy["id"]]["status"], started[busy["id"]]["job_id"]) == ("running", "job_1")
    assert started[idle["id"]]["status"] == "queued"
    assert BuildDigest.model_validate(digests.jobs[started[idle["id"]]["job_id"]]).sync
    assert again.json() == response.json()
    assert [item["bot_id"] for item in one] == [asleep["id"]]


async def test_the_orchestrator_tells_what_it_does_and_stops_it(
    gateway: RunningGateway, digests: DigestService
) -> None:
    bot = await create_bot(gateway)
    digests.builds["local", "job_1"] = records.Build(id="job_1", bot_id=bot["id"], status="running", started_at=NOW)
    status = (await gateway.http.get("/v1/orchestrator")).json()
    stopped = (await gateway.http.post("/v1/orchestrator/stop")).json()
    nobody = await gateway.http.get("/v1/orchestrator?bot_id=bot_none")

    assert [(one["bot_id"], one["unprocessed"], one["build"]["id"]) for one in status["bots"]] == [
        (bot["id"], 7, "job_1")
    ]
    assert stopped == {"build_ids": ["job_1"]}
    assert (nobody.status_code, nobody.json()["code"]) == (404, "bot.not_found")
