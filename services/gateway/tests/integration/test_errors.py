"""Every error is a problem document; nothing bad input does is a 500; an outage is a 503; no secret is ever shown."""

import asyncio
import logging
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from gateway.cli import MIGRATIONS
from warren import database
from warren.embedded import EmbeddedPostgres, EmbeddedRabbitMQ

from .conftest import StartGateway
from .support import CSV, RunningGateway, close_code, receive, send, until


def assert_problem(response: Any, status: int, code: str) -> None:
    problem = response.json()
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"] == "about:blank"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/unknown", 404, "path.not_found"),
        ("PUT", "/v1/jobs", 405, "method.not_allowed"),
        ("DELETE", "/v1/tickets", 405, "method.not_allowed"),
        ("GET", "/console/no-such-file.js", 404, "path.not_found"),
        ("GET", "/v1/jobs/job_unknown", 404, "job.not_found"),
        ("GET", "/v1/jobs/a%00b", 422, "request.invalid"),
        ("GET", "/v1/jobs/" + "x" * 200, 422, "request.invalid"),
        ("GET", "/v1/jobs?kind=%00", 422, "request.invalid"),
        ("GET", "/v1/sessions/%00", 422, "request.invalid"),
        ("GET", "/api/tasks/%00", 422, "request.invalid"),
        ("GET", "/v1/jobs?limit=99999999999999999999", 422, "request.invalid"),
        ("POST", "/v1/analyses", 415, "request.media_type"),
        ("POST", "/v1/files", 415, "request.media_type"),
        ("POST", "/api/analyze-async", 415, "request.media_type"),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(
    gateway: RunningGateway, method: str, path: str, status: int, code: str
) -> None:
    assert_problem(await gateway.http.request(method, path), status, code)


async def test_a_wrong_method_names_the_right_ones(gateway: RunningGateway) -> None:
    answers = [await gateway.http.put(path) for path in ("/v1/sessions", "/v1/files/file_1", "/")]

    assert [set(answer.headers["Allow"].split(", ")) for answer in answers] == [
        {"POST"},
        {"DELETE", "GET"},
        {"GET", "HEAD"},
    ]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/question"),
        ({"question": ""}, "/question"),
        ({"question": " \n"}, "/question"),
        ({"question": 7}, "/question"),
        ({"question": "x" * 10_001}, "/question"),
        ({"question": "a", "engine": "gpt"}, "/engine"),
        ({"question": "a", "session_id": ["a"]}, "/session_id"),
        ([], "/"),
        ("text", "/"),
    ],
    ids=str,
)
async def test_fields_that_do_not_fit_are_pointed_at(gateway: RunningGateway, body: Any, pointer: str) -> None:
    response = await gateway.http.post("/v1/analyses", json=body)

    assert_problem(response, 422, "request.invalid")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert pointer in response.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"question": "\\ud800"}', b'{"question": "a", "session_id": "\\u0000"}'],
)
async def test_a_body_that_cannot_be_read_is_422(gateway: RunningGateway, body: bytes) -> None:
    response = await gateway.http.post("/v1/analyses", content=body, headers={"Content-Type": "application/json"})

    assert_problem(response, 422, "request.invalid")


@pytest.mark.parametrize("path", ["/v1/analyses", "/v1/files", "/api/analyze-async"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=x", b"not a form"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'),
        ("multipart/form-data; boundary=" + "y" * 500, b"--y"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 50 + b"--x--",
        ),
    ],
)
async def test_a_malformed_form_is_a_problem(
    gateway: RunningGateway, path: str, content_type: str, body: bytes
) -> None:
    response = await gateway.http.post(path, content=body, headers={"Content-Type": content_type})

    assert response.status_code in {400, 422}, response.text
    assert response.headers["Content-Type"] == "application/problem+json"


async def test_a_crash_is_a_problem_too_and_tells_nothing_of_the_inside(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: Any) -> Any:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(gateway.parts, "job", crash)
    with capture_logs() as logged:
        response = await gateway.http.get("/v1/jobs/job_1")

    assert_problem(response, 500, "internal")
    assert "secret" not in response.text
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["request_crashed"]


async def test_a_store_of_files_that_fails_is_503(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gateway.parts.blobs, "put", full)
    response = await gateway.http.post("/v1/files", files={"file": ("a.csv", CSV)})

    assert_problem(response, 503, "storage.unavailable")


# Outages --------------------------------------------------------------------------------------------------------------


async def test_while_postgresql_is_away_calls_are_503_and_sockets_say_so(
    start_gateway: StartGateway, own_postgres: EmbeddedPostgres
) -> None:
    await asyncio.to_thread(database.migrate, own_postgres.url, MIGRATIONS)
    async with start_gateway(database_url=own_postgres.url, auth="keys") as gateway:
        await gateway.parts.broker.ready()
        client = gateway.client(await gateway.create_key())
        job = await client.ask()
        watching = await client.send(client.build_request("GET", job["urls"]["events"], timeout=60), stream=True)
        assert watching.status_code == 200
        await asyncio.to_thread(own_postgres.stop)

        for response in (
            await client.get("/v1/jobs"),
            await client.get(job["urls"]["self"]),
            await client.post_question("how many?", CSV),
            await client.post("/v1/sessions", headers={"Idempotency-Key": "1"}),
            await client.post(job["urls"]["cancel"]),
            await client.post("/api/sessions"),
            await gateway.client("wrn_not_seen_before").get("/v1/jobs"),
        ):
            assert_problem(response, 503, "database.unavailable")
            assert response.headers["Retry-After"]
            assert str(own_postgres.port) not in response.text
        async with gateway.connect("/v1/events?ticket=x") as socket:
            assert (await receive(socket))["code"] == "database.unavailable"
            assert await close_code(socket) == 1013
        assert gateway.blobs("files") == [job["input"]["file"]["id"]]
        assert (await gateway.http.get("/health")).json()["services"]["postgres"] == "unavailable"
        assert (await gateway.http.get("/health/ready")).status_code == 503
        assert (await gateway.http.get("/health/live")).status_code == 200

        run = gateway.run(job["id"])
        await run.finish()
        await asyncio.to_thread(own_postgres.start)

        async def back() -> bool:
            return (await client.get("/v1/jobs")).status_code == 200

        await until(back, 30)
        assert (await client.ended(job["id"]))["status"] == "completed"
        assert b"event: completed" in await watching.aread()
        assert (await client.post_question("how many?", CSV)).status_code == 202


async def test_a_restart_of_postgresql_fails_no_later_request(
    start_gateway: StartGateway, own_postgres: EmbeddedPostgres
) -> None:
    await asyncio.to_thread(database.migrate, own_postgres.url, MIGRATIONS)
    async with start_gateway(database_url=own_postgres.url) as gateway:
        await asyncio.gather(*(gateway.http.get("/v1/jobs") for _ in range(10)))
        await asyncio.to_thread(own_postgres.stop)
        await asyncio.to_thread(own_postgres.start)
        responses = await asyncio.gather(*(gateway.http.get("/v1/jobs") for _ in range(20)))

        assert {response.status_code for response in responses} == {200}


# Other sites' pages ---------------------------------------------------------------------------------------------------


async def test_pages_of_named_origins_may_call(start_gateway: StartGateway) -> None:
    origin = "https://tools.example"
    async with start_gateway(cors_origins=[origin]) as gateway:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "prefer"}
        preflight = await gateway.http.options("/v1/analyses", headers=asked)
        answer = await gateway.http.post_question("how many?", CSV, {"Origin": origin})
        other = await gateway.http.get("/v1/jobs", headers={"Origin": "https://evil.example"})

        assert preflight.status_code == 200
        assert preflight.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Location" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Origin" not in other.headers


async def test_without_named_origins_no_other_page_may_read_an_answer(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        headers = {"Authorization": f"Bearer {await gateway.create_key()}", "Origin": "https://evil.example"}
        response = await gateway.http.get("/v1/jobs", headers=headers)

    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers


# Secrets --------------------------------------------------------------------------------------------------------------


async def test_no_secret_reaches_the_log_or_an_answer(
    start_gateway: StartGateway, rabbitmq: EmbeddedRabbitMQ, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = rabbitmq.url.replace("warren:", "warren:hunter2", 1)
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logged:
        async with start_gateway(
            broker_url=SecretStr(wrong), database_url="postgresql+asyncpg://u:hunter3@127.0.0.1:1/x"
        ) as gateway:
            texts = [
                (await gateway.http.get(path)).text for path in ("/health", "/v1/jobs", "/metrics", "/openapi.json")
            ]
        async with start_gateway(auth="keys") as gateway:
            secret = await gateway.create_key()
            client = gateway.client(secret)
            ticket = (await client.post("/v1/tickets")).json()["ticket"]
            texts.append((await gateway.client(secret + "x").get("/v1/jobs")).text)
            for path, options in (
                (f"/v1/events?ticket={ticket}", {}),
                ("/v1/events", {"subprotocols": ["bearer", secret]}),
            ):
                async with gateway.connect(path, **options) as socket:
                    await send(socket, type="ping")
                    await receive(socket)
            texts.append((await client.get("/v1/jobs")).text)
    clients = ("websockets.client", "httpx2", "httpcore2")
    server = [record.getMessage() for record in caplog.records if not record.name.startswith(clients)]
    everything = f"{logged} {server} {texts}"

    assert "broker_unavailable" in everything
    for secret_text in ("hunter2", "hunter3", secret, ticket):
        assert secret_text not in everything
