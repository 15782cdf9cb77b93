"""`/v1/jobs`: a job from its POST to its end, as clients see it."""

from datetime import datetime
from typing import Any

import pytest

from warren.contracts.events import EventType

from .support import CSV, Broadcasts, RunningGateway


async def test_a_question_becomes_a_queued_job_with_its_address(gateway: RunningGateway) -> None:
    response = await gateway.http.post_question("how many rows?", CSV)
    job = response.json()

    assert response.status_code == 202
    assert response.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert job["object"] == "job"
    assert job["kind"] == "analyzer.csv"
    assert job["status"] == "queued"
    assert job["input"]["question"] == "how many rows?"
    assert job["input"]["file"]["name"] == "sales.csv"
    assert job["input"]["file"]["size"] == len(CSV)
    assert job["urls"]["events"] == f"/v1/jobs/{job['id']}/events"
    assert (job["result"], job["error"], job["completed_at"]) == (None, None, None)
    assert datetime.fromisoformat(job["expires_at"]) > datetime.fromisoformat(job["created_at"])


async def test_a_job_shows_its_progress_and_its_result(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    await run.start()
    await run.progress("Attempt 2/3: running…", percent=60, attempt=2, of=3)
    await run.complete(answer="2", tables=[{"rows": [["Lyon", 1]]}])
    ended = await gateway.http.ended(job["id"])

    assert ended["status"] == "completed"
    assert ended["progress"] == {"stage": "running", "message": "Attempt 2/3: running…", "percent": 60}
    assert (ended["attempt"], ended["max_attempts"]) == (2, 3)
    assert ended["result"]["answer"] == "2"
    assert ended["result"]["tables"] == [{"rows": [["Lyon", 1]]}]
    assert ended["started_at"] <= ended["completed_at"]


async def test_a_run_that_replaces_another_counts_as_an_attempt(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    await gateway.run(job["id"]).start()
    again = gateway.run(job["id"], number=2)
    await again.start()
    await again.progress("Attempt 1/3: running…", attempt=1, of=3)
    await gateway.recorded()
    running = await gateway.http.job(job["id"])
    task = (await gateway.http.get(f"/api/tasks/{job['id']}")).json()

    assert (running["attempt"], running["max_attempts"]) == (2, 3)
    assert task["meta"]["attempt"] == 2


async def test_a_failed_job_says_why(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    await run.start()
    await run.fail("sandbox.timeout", "It took longer than 30 seconds.")
    ended = await gateway.http.ended(job["id"])

    assert ended["status"] == "failed"
    assert ended["error"]["code"] == "sandbox.timeout"
    assert ended["error"]["message"] == "It took longer than 30 seconds."
    assert ended["error"]["retryable"] is False


async def test_a_large_result_is_read_from_its_blob(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    key = f"jobs/{job['id']}/1/result.json"
    await gateway.parts.blobs.put(key, b'{"answer": "from the blob", "engine": "local"}')
    run = gateway.run(job["id"])
    await run.start()
    await run.tell(run.next(EventType.completed, result_blob=key, brief={"answer": "from"}))
    ended = await gateway.http.ended(job["id"])
    listed = (await gateway.http.get("/v1/jobs")).json()["data"][0]

    assert ended["result"]["answer"] == "from the blob"
    assert (listed["result"], listed["brief"]) == (None, {"answer": "from"})


async def test_a_result_whose_blob_is_gone_is_410(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    await run.start()
    await run.tell(run.next(EventType.completed, result_blob=f"jobs/{job['id']}/1/result.json"))
    response = await gateway.http.get(f"/v1/jobs/{job['id']}", headers={"Prefer": "wait=10"})

    assert response.status_code == 410
    assert response.json()["code"] == "result.expired"


async def test_a_job_is_pending_while_it_waits_for_another_try(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    await run.start()
    await run.tell(run.next(EventType.retrying, code="llm.rate_limited", message="Later.", delay_seconds=2.0))
    async with gateway.http.stream("GET", job["urls"]["events"]) as stream:
        async for line in stream.aiter_lines():
            if line == "event: retrying":
                break
    state = await gateway.http.job(job["id"])

    assert (state["status"], state["completed_at"], state["error"]) == ("retrying", None, None)


async def test_artifacts_are_listed_and_downloaded_but_never_shown_inline(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    name = "график 1.png"
    key = f"jobs/{job['id']}/1/{name}"
    await gateway.parts.blobs.put(key, b"\x89PNG")
    run = gateway.run(job["id"])
    await run.start()
    artifact = {"name": name, "media_type": "image/png", "size": 4, "blob": key}
    await run.tell(run.next(EventType.completed, result={}, artifacts=[artifact]))
    await gateway.http.ended(job["id"])
    listed = (await gateway.http.get(job["urls"]["artifacts"])).json()["data"]
    download = await gateway.http.get(listed[0]["url"])

    assert [(item["name"], item["media_type"], item["size"]) for item in listed] == [(name, "image/png", 4)]
    assert "blob" not in listed[0]
    assert download.content == b"\x89PNG"
    assert download.headers["Content-Type"] == "image/png"
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert (await gateway.http.get(f"{job['urls']['artifacts']}/other.png")).status_code == 404


# Waiting --------------------------------------------------------------------------------------------------------------


async def test_prefer_wait_answers_200_with_the_result_once_the_job_ended(gateway: RunningGateway) -> None:
    first = await gateway.http.ask()
    await gateway.run(first["id"]).finish(answer="7")
    response = await gateway.http.get(f"/v1/jobs/{first['id']}", headers={"Prefer": "respond-async, wait=10"})

    assert response.json()["status"] == "completed"
    assert response.json()["result"]["answer"] == "7"


async def test_prefer_wait_on_a_new_job_gives_up_after_that_many_seconds(gateway: RunningGateway) -> None:
    response = await gateway.http.post_question("how many?", CSV, headers={"Prefer": "wait=1"})

    assert response.status_code == 202
    assert response.json()["status"] == "queued"
    assert response.headers["Location"].endswith(response.json()["id"])


async def test_what_a_waiter_is_told_is_recorded(gateway: RunningGateway) -> None:
    """The live event of the end is faster than the recorder; who waited must not see the job of before."""
    for _ in range(20):
        job = await gateway.http.ask()
        await gateway.run(job["id"]).finish()
        assert (await gateway.http.job(job["id"], wait=10))["status"] == "completed"


@pytest.mark.parametrize("prefer", ["wait", "wait=", "wait=abc", "handling=lenient", "wait=-1"])
async def test_a_preference_that_cannot_be_read_is_ignored(gateway: RunningGateway, prefer: str) -> None:
    response = await gateway.http.post_question("how many?", CSV, headers={"Prefer": prefer})

    assert response.status_code == 202


# Lists ----------------------------------------------------------------------------------------------------------------


async def test_jobs_are_listed_newest_first_in_pages_without_gaps(gateway: RunningGateway) -> None:
    made = [(await gateway.http.ask(f"question {n}"))["id"] for n in range(5)]
    seen: list[str] = []
    pages = 0
    after: str | None = None
    while True:
        page = (await gateway.http.get("/v1/jobs", params={"limit": 2, **({"after": after} if after else {})})).json()
        pages += 1
        seen += [job["id"] for job in page["data"]]
        after = page["last_id"]
        assert page["object"] == "list"
        if not page["has_more"]:
            break

    assert seen == made[::-1]
    assert pages == 3


async def test_an_empty_list_has_no_last_id(gateway: RunningGateway) -> None:
    page = (await gateway.http.get("/v1/jobs")).json()

    assert page == {"object": "list", "data": [], "has_more": False, "last_id": None}


async def test_lists_are_filtered_by_status_kind_and_session(gateway: RunningGateway) -> None:
    first, second = await gateway.http.ask(), await gateway.http.ask()
    await gateway.run(first["id"]).finish()
    await gateway.http.ended(first["id"])

    async def listed(**filters: Any) -> list[str]:
        return [job["id"] for job in (await gateway.http.get("/v1/jobs", params=filters)).json()["data"]]

    assert await listed(status="completed") == [first["id"]]
    assert await listed(status="queued") == [second["id"]]
    assert await listed(kind="analyzer.csv") == [second["id"], first["id"]]
    assert await listed(kind="digest.build") == []
    assert await listed(session_id=first["session_id"]) == [first["id"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "status=done", "after=" + "x" * 101])
async def test_a_list_that_cannot_be_is_422(gateway: RunningGateway, query: str) -> None:
    response = await gateway.http.get(f"/v1/jobs?{query}")

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


# Cancelling -----------------------------------------------------------------------------------------------------------


async def test_a_queued_job_is_cancelled_at_once(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    response = await gateway.http.post(job["urls"]["cancel"])

    assert response.status_code == 200
    assert response.json()["status"] == "cancelled"
    assert response.json()["cancel_requested_at"]
    assert (await gateway.http.job(job["id"]))["status"] == "cancelled"


async def test_a_running_job_is_cancelled_by_its_worker(gateway: RunningGateway, cancellations: Broadcasts) -> None:
    job = await gateway.http.ask()
    run = gateway.run(job["id"])
    await run.start()
    await gateway.http.reached(job["id"], "in_progress")
    response = await gateway.http.post(job["urls"]["cancel"])

    assert response.status_code == 202
    assert response.json()["status"] == "in_progress"
    assert await cancellations.so_far() == [job["id"]]
    await run.tell(run.next(EventType.cancelled))
    assert (await gateway.http.ended(job["id"]))["status"] == "cancelled"


async def test_a_finished_job_comes_back_unchanged(gateway: RunningGateway, cancellations: Broadcasts) -> None:
    job = await gateway.http.ask()
    await gateway.run(job["id"]).finish()
    before = await gateway.http.ended(job["id"])
    response = await gateway.http.post(job["urls"]["cancel"])

    assert response.status_code == 200
    assert response.json() == before
    assert await cancellations.so_far() == []


async def test_what_starts_although_it_was_cancelled_is_told_to_stop_again(
    gateway: RunningGateway, cancellations: Broadcasts
) -> None:
    job = await gateway.http.ask()
    await gateway.http.post(job["urls"]["cancel"])
    await cancellations.so_far()
    run = gateway.run(job["id"])
    await run.start()
    assert await cancellations.next() == job["id"]

    await run.complete()
    await gateway.recorded()
    assert (await gateway.http.job(job["id"]))["status"] == "cancelled"


async def test_cancelling_twice_asks_the_worker_again_and_keeps_the_first_time(
    gateway: RunningGateway, cancellations: Broadcasts
) -> None:
    job = await gateway.http.ask()
    await gateway.run(job["id"]).start()
    await gateway.http.reached(job["id"], "in_progress")
    first = (await gateway.http.post(job["urls"]["cancel"])).json()
    second = (await gateway.http.post(job["urls"]["cancel"])).json()

    assert second["cancel_requested_at"] == first["cancel_requested_at"]
    assert await cancellations.so_far() == [job["id"], job["id"]]


# What is not there ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/events", "/artifacts", "/artifacts/plot.png"])
async def test_an_unknown_job_is_404(gateway: RunningGateway, path: str) -> None:
    response = await gateway.http.get(f"/v1/jobs/job_unknown{path}")

    assert response.status_code == 404
    assert response.json()["code"] == "job.not_found"


async def test_cancelling_an_unknown_job_is_404(gateway: RunningGateway) -> None:
    assert (await gateway.http.post("/v1/jobs/job_unknown/cancel")).status_code == 404
