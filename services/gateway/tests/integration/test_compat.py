"""The calls of the earlier CSV analyst's clients, with exactly the fields they know."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from websockets.asyncio.client import ClientConnection

from gateway.models import sessions
from warren.contracts.events import EventType

from .conftest import StartGateway
from .support import CSV, RunningGateway, close_code, receive, send, until

PNG = "data:image/png;base64,iVBORw0KGgo="
PLOT = {"title": "amount by city", "image": PNG, "artifact": "plot-1.png", "data": None}
FILE = base64.b64encode(CSV).decode()


async def analyze(gateway: RunningGateway, **fields: Any) -> dict[str, Any]:
    files = {"file": ("sales.csv", CSV, "text/csv")}
    response = await gateway.http.post("/api/analyze-async", data={"query": "how many?", **fields}, files=files)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def task(gateway: RunningGateway, task_id: str) -> dict[str, Any]:
    response = await gateway.http.get(f"/api/tasks/{task_id}")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.fixture
async def session(gateway: RunningGateway) -> str:
    return str((await gateway.http.post("/api/sessions")).json()["session_id"])


# HTTP -----------------------------------------------------------------------------------------------------------------


async def test_a_session_has_its_id_in_session_id(gateway: RunningGateway) -> None:
    response = await gateway.http.post("/api/sessions")

    assert response.status_code == 200
    assert list(response.json()) == ["session_id"]


async def test_an_analysis_is_queued_in_the_session(gateway: RunningGateway, session: str) -> None:
    answer = await analyze(gateway, session_id=session)

    assert answer == {"success": True, "task_id": answer["task_id"], "status": "queued"}
    assert (await gateway.http.job(answer["task_id"]))["session_id"] == session


async def test_an_analysis_without_a_session_gets_one(gateway: RunningGateway) -> None:
    answer = await analyze(gateway)

    assert (await gateway.http.job(answer["task_id"]))["session_id"]


async def test_a_task_goes_through_the_states_clients_poll_for(gateway: RunningGateway, session: str) -> None:
    task_id = (await analyze(gateway, session_id=session))["task_id"]
    run = gateway.run(task_id)
    pending = await task(gateway, task_id)
    await run.start()
    await run.progress("Attempt 2/3: generating code…", attempt=2, of=3)
    await gateway.recorded()
    processing = await task(gateway, task_id)
    await run.complete(final_code="df", plots=[PLOT])
    await gateway.recorded()
    success = await task(gateway, task_id)

    assert pending == {"task_id": task_id, "status": "PENDING", "meta": {"status": "Queued", "attempt": 1}}
    assert processing == {
        "task_id": task_id,
        "status": "PROCESSING",
        "meta": {"status": "Attempt 2/3: generating code…", "attempt": 2},
    }
    assert (success["task_id"], success["status"]) == (task_id, "SUCCESS")
    assert success["result"]["success"] is True
    assert success["result"]["final_code"] == "df"
    assert success["result"]["plots"] == [PNG]
    assert success["result"]["answer"] == "2"


async def test_a_failed_task_says_why(gateway: RunningGateway) -> None:
    task_id = (await analyze(gateway))["task_id"]
    run = gateway.run(task_id)
    await run.start()
    await run.fail("sandbox.timeout", "It took too long.")
    await gateway.recorded()
    failed = await task(gateway, task_id)

    assert failed["status"] == "FAILURE"
    assert failed["error"] == "It took too long."
    assert failed["result"] == {
        "success": False,
        "error": "It took too long.",
        "code": "sandbox.timeout",
        "plots": [],
    }


async def test_a_cancelled_task_is_revoked(gateway: RunningGateway) -> None:
    task_id = (await analyze(gateway))["task_id"]
    await gateway.http.post(f"/v1/jobs/{task_id}/cancel")
    revoked = await task(gateway, task_id)

    assert revoked["status"] == "REVOKED"
    assert revoked["result"]["success"] is False


async def test_a_task_that_waits_for_another_try_is_still_processing(gateway: RunningGateway) -> None:
    task_id = (await analyze(gateway))["task_id"]
    run = gateway.run(task_id)
    await run.start()
    await run.tell(run.next(EventType.retrying, code="llm.rate_limited", message="Later.", delay_seconds=2.0))
    await gateway.recorded()

    assert (await task(gateway, task_id))["status"] == "PROCESSING"


async def test_an_unknown_task_is_pending_as_celery_would_say(gateway: RunningGateway) -> None:
    response = await gateway.http.get("/api/tasks/0b8f8b8e-1111-2222-3333-444455556666")

    assert response.status_code == 404
    assert response.json()["status"] == "PENDING"
    assert response.json()["task_id"] == "0b8f8b8e-1111-2222-3333-444455556666"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({"query": ""}, 422, "request.invalid"),
        ({}, 422, "request.invalid"),
        ({"query": "how many?", "session_id": "ses_unknown"}, 404, "session.not_found"),
    ],
)
async def test_what_cannot_be_analysed_is_refused(
    gateway: RunningGateway, data: dict[str, str], status: int, code: str
) -> None:
    response = await gateway.http.post("/api/analyze-async", data=data, files={"file": ("a.csv", CSV)})

    assert response.status_code == status
    assert response.json()["code"] == code


async def test_a_second_query_needs_no_second_file(gateway: RunningGateway, session: str) -> None:
    await analyze(gateway, session_id=session)
    response = await gateway.http.post("/api/analyze-async", data={"session_id": session, "query": "and the mean?"})

    assert response.status_code == 200


async def test_health_has_the_parts_those_clients_look_at(gateway: RunningGateway) -> None:
    response = await gateway.http.get("/health")

    assert response.status_code == 503
    assert response.json()["status"] == "unhealthy"
    assert response.json()["services"] == {"rabbitmq": "ok", "postgres": "ok", "celery": "unavailable"}


# WebSocket ------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def socket_of(gateway: RunningGateway, session: str) -> AsyncIterator[ClientConnection]:
    async with gateway.connect(f"/ws/analyze/{session}", max_size=None) as socket:
        yield socket


async def test_the_socket_sends_progress_and_then_the_result(gateway: RunningGateway, session: str) -> None:
    async with socket_of(gateway, session) as socket:
        await send(socket, type="analyze", file_base64=FILE, query="plot it")
        queued = await receive(socket)
        run = gateway.run(queued["task_id"])
        await run.start()
        await run.progress("Attempt 1/3: generating code…", attempt=1, of=3)
        await run.complete(final_code="df", plots=[PLOT])
        started, progress, result = [await receive(socket) for _ in range(3)]

    assert [message["type"] for message in (queued, started, progress)] == ["progress"] * 3
    assert progress["meta"] == {"status": "Attempt 1/3: generating code…", "attempt": 1}
    assert result["type"] == "result"
    assert result["result"]["success"] is True
    assert result["result"]["final_code"] == "df"
    assert result["result"]["plots"] == [PNG]


async def test_one_socket_takes_one_query_after_another(gateway: RunningGateway, session: str) -> None:
    async with socket_of(gateway, session) as socket:
        # The second is sent while the first still runs, and waits its turn.
        await send(socket, type="analyze", file_base64=f"data:text/csv;base64,{FILE}", query="first")
        first = (await receive(socket))["task_id"]
        await send(socket, type="analyze", query="second")
        await gateway.run(first).finish()
        assert [(await receive(socket))["type"] for _ in range(2)] == ["progress", "result"]
        second = (await receive(socket))["task_id"]
        await gateway.run(second).finish()
        assert [(await receive(socket))["type"] for _ in range(2)] == ["progress", "result"]

    assert (await gateway.http.job(second))["input"]["question"] == "second"
    assert (await gateway.http.job(second))["input"]["file"] == (await gateway.http.job(first))["input"]["file"]


async def test_a_failed_analysis_is_an_error_and_the_socket_goes_on(gateway: RunningGateway, session: str) -> None:
    async with socket_of(gateway, session) as socket:
        await send(socket, type="analyze", file_base64=FILE, query="first")
        run = gateway.run((await receive(socket))["task_id"])
        await run.fail("sandbox.timeout", "It took too long.")
        error = await receive(socket)
        await send(socket, type="analyze", query="second")

        assert (error["type"], error["message"], error["code"]) == ("error", "It took too long.", "sandbox.timeout")
        assert (await receive(socket))["type"] == "progress"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"query": ""}, "request.invalid"),
        ({"query": 7}, "request.invalid"),
        ({}, "request.invalid"),
        ({"query": "how many?", "file_base64": "&&&"}, "request.invalid"),
        ({"query": "how many?", "file_base64": 7}, "request.invalid"),
        ({"query": "how many?", "file_base64": ""}, "file.missing"),
        ({"query": "how many?", "file_base64": "iVBORw0KGgoAAAANSUhEUg=="}, "file.not_a_table"),
    ],
    ids=str,
)
async def test_a_query_that_cannot_be_is_an_error_and_the_socket_goes_on(
    gateway: RunningGateway, session: str, message: dict[str, Any], code: str
) -> None:
    async with socket_of(gateway, session) as socket:
        await send(socket, type="analyze", **message)
        error = await receive(socket)
        await send(socket, type="analyze", query="how many?", file_base64=FILE)

        assert (error["type"], error["code"]) == ("error", code)
        assert error["message"]
        assert (await receive(socket))["type"] == "progress"


async def test_a_file_beyond_the_limit_is_an_error(start_gateway: StartGateway) -> None:
    async with start_gateway(max_upload_bytes=100_000) as gateway:
        session = (await gateway.http.post("/api/sessions")).json()["session_id"]
        async with socket_of(gateway, session) as socket:
            await send(socket, type="analyze", query="a", file_base64=base64.b64encode(b"1" * 100_001).decode())

            assert (await receive(socket))["code"] == "file.too_large"
        assert gateway.blobs("files") == []


@pytest.mark.parametrize("frame", ["{", '{"type": "dance"}', "[]", "{}"])
async def test_a_frame_that_cannot_be_ends_the_socket(gateway: RunningGateway, session: str, frame: str) -> None:
    async with socket_of(gateway, session) as socket:
        await socket.send(frame)

        assert (await receive(socket))["type"] == "error"
        assert await close_code(socket) == 4400


@pytest.mark.parametrize(("expired", "code"), [(False, "session.not_found"), (True, "session.expired")])
async def test_a_session_that_is_not_there_ends_the_socket(
    gateway: RunningGateway, session: str, expired: bool, code: str
) -> None:
    await gateway.rows(sa.update(sessions).values(expires_at=sa.func.now() - sa.text("interval '1 second'")))
    async with socket_of(gateway, session if expired else "ses_unknown") as socket:
        error = await receive(socket)

        assert (error["type"], error["code"]) == ("error", code)
        assert await close_code(socket) == 4400


async def test_a_client_that_leaves_frees_its_place_while_its_job_goes_on(
    gateway: RunningGateway, session: str
) -> None:
    async with socket_of(gateway, session) as socket:
        await send(socket, type="analyze", file_base64=FILE, query="how many?")
        task_id = (await receive(socket))["task_id"]
        assert gateway.places() == 1
    await until(lambda: gateway.places() == 0)
    await gateway.run(task_id).finish()

    assert (await gateway.http.ended(task_id))["status"] == "completed"
