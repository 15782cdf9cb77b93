"""API keys: who may call, what, how often; tickets; and that what one key makes no other sees."""

import asyncio
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from gateway import auth
from gateway import cli as gateway_cli
from gateway.models import api_keys, tickets
from gateway.settings import GatewaySettings

from .conftest import StartGateway
from .support import CSV, SECONDS, RunningGateway, close_code, receive, send, until

Cli = Callable[..., list[str]]


@pytest.fixture
def cli(make_settings: Callable[..., GatewaySettings], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """`cli("keys", "list")` runs the operator's command and returns the lines it printed."""
    monkeypatch.setenv("WARREN_DATABASE_URL", make_settings().database_url.get_secret_value())

    def run(*arguments: str) -> list[str]:
        printed: list[str] = []
        # Standard output also has the log of the gateway in this process.
        monkeypatch.setattr(gateway_cli, "print", lambda text: printed.extend(text.splitlines()), raising=False)
        monkeypatch.setattr("sys.argv", ["gateway", *arguments])
        gateway_cli.main()
        return printed

    return run


async def run_cli(cli: Cli, *arguments: str) -> list[str]:
    """In a thread: the command brings a loop of its own."""
    return await asyncio.to_thread(cli, *arguments)


async def test_without_a_valid_key_every_call_is_401(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        for authorization in ("", "Bearer", "Bearer wrn_wrong", "Basic d3JuOg==", "wrn_wrong"):
            response = await gateway.http.get("/v1/jobs", headers={"Authorization": authorization})

            assert response.status_code == 401
            assert response.json()["code"] == "key.invalid"
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert (await gateway.http.post("/v1/sessions")).status_code == 401
        assert (await gateway.http.post("/api/sessions")).status_code == 401
        assert (await gateway.http.get("/health/live")).status_code == 200


async def test_a_key_from_the_command_line_opens_the_door_and_is_shown_once(
    start_gateway: StartGateway, cli: Cli
) -> None:
    async with start_gateway(auth="keys") as gateway:
        key_id, secret, notice = await run_cli(cli, "keys", "create", "Ann's laptop")
        [listed] = await run_cli(cli, "keys", "list")
        answer = await gateway.client(secret).get("/v1/jobs")

        assert re.fullmatch(r"wrn_[\w-]{43}", secret)
        assert "only time" in notice
        assert key_id in listed
        assert "Ann's laptop" in listed
        assert "active" in listed
        assert secret not in listed
        assert answer.status_code == 200


async def test_the_scheme_may_be_written_in_any_case(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        secret = await gateway.create_key()
        response = await gateway.http.get("/v1/jobs", headers={"Authorization": f"bearer {secret}"})

        assert response.status_code == 200


async def test_the_database_knows_only_the_hash(gateway: RunningGateway) -> None:
    secret = await gateway.create_key()
    ticket = (await gateway.http.post("/v1/tickets")).json()["ticket"]
    everything = str([await gateway.rows(sa.select(table)) for table in (api_keys, tickets)])

    assert secret.removeprefix("wrn_") not in everything
    assert ticket not in everything


async def test_a_revoked_key_stops_working_once_the_cache_forgets_it(
    start_gateway: StartGateway, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert auth.CACHE_SECONDS <= 5
    monkeypatch.setattr(auth, "CACHE_SECONDS", 0.2)
    async with start_gateway(auth="keys") as gateway:
        key_id, secret, _ = await run_cli(cli, "keys", "create", "lost")
        client = gateway.client(secret)
        assert (await client.get("/v1/jobs")).status_code == 200
        [told] = await run_cli(cli, "keys", "revoke", key_id)
        [listed] = await run_cli(cli, "keys", "list")

        assert told.startswith(key_id)
        assert "revoked" in listed
        async with asyncio.timeout(SECONDS):
            while (await client.get("/v1/jobs")).status_code != 401:
                pass


async def test_the_open_streams_of_a_revoked_key_end(start_gateway: StartGateway, cli: Cli) -> None:
    async with start_gateway(auth="keys") as gateway:
        key_id, secret, _ = await run_cli(cli, "keys", "create", "lost")
        client = gateway.client(secret)
        headers, other = ({"Authorization": f"Bearer {key}"} for key in (secret, await gateway.create_key()))
        job, session = await client.ask(), (await client.post("/api/sessions")).json()["session_id"]
        async with (
            gateway.connect("/v1/events", additional_headers=headers) as quiet,
            gateway.connect("/v1/events", additional_headers=headers) as watching,
            gateway.connect(f"/ws/analyze/{session}", additional_headers=headers) as earlier,
            client.stream("GET", job["urls"]["events"]) as stream,
            gateway.connect("/v1/events", additional_headers=other) as kept,
        ):
            await send(watching, type="watch", job_id=job["id"])
            assert (await receive(watching))["event"] == "queued"
            await send(earlier, type="analyze", query="how many?", file_base64="YQox")
            assert (await receive(earlier))["type"] == "progress"
            await run_cli(cli, "keys", "revoke", key_id)

            async with asyncio.timeout(SECONDS):
                assert "event: queued" in [line async for line in stream.aiter_lines()]
            for socket in (quiet, watching, earlier):
                assert (await receive(socket))["code"] == "key.invalid"
                assert await close_code(socket) == 4401
            await until(lambda: gateway.places(key_id) == 0)
            await send(kept, type="ping")
            assert await receive(kept) == {"type": "pong"}


async def test_revoking_a_key_that_is_not_there_says_so(start_gateway: StartGateway, cli: Cli) -> None:
    with pytest.raises(SystemExit, match="no active key 'key_unknown'"):
        await run_cli(cli, "keys", "revoke", "key_unknown")


async def test_a_key_may_be_for_reading_only(start_gateway: StartGateway, cli: Cli) -> None:
    async with start_gateway(auth="keys") as gateway:
        _, secret, _ = await run_cli(cli, "keys", "create", "dashboard", "--scope", "read")
        client = gateway.client(secret)
        refused = await client.post("/v1/sessions")

        assert (await client.get("/v1/jobs")).status_code == 200
        assert refused.status_code == 403
        assert refused.json()["code"] == "key.scope"
        assert (await client.post("/v1/jobs/job_1/cancel")).status_code == 403


async def test_a_key_may_be_for_writing_only(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        client = gateway.client(await gateway.create_key(scopes=["write"]))

        assert (await client.post("/v1/sessions")).status_code == 201
        assert (await client.get("/v1/jobs")).status_code == 403


@pytest.mark.parametrize(
    ("path", "scope"), [("/v1/events", "write"), ("/ws/analyze/ses_1", "read")], ids=["events", "analyze"]
)
async def test_scopes_hold_for_sockets_too(start_gateway: StartGateway, path: str, scope: str) -> None:
    async with start_gateway(auth="keys") as gateway:
        secret = await gateway.create_key(scopes=[scope])
        async with gateway.connect(path, additional_headers={"Authorization": f"Bearer {secret}"}) as socket:
            assert (await receive(socket))["code"] == "key.scope"
            assert await close_code(socket) == 4401


async def test_what_one_key_makes_no_other_sees(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        ann = gateway.client(await gateway.create_key("Ann"))
        eve = gateway.client(await gateway.create_key("Eve"))
        job = await ann.ask()
        file_id = job["input"]["file"]["id"]
        await gateway.run(job["id"]).finish()
        await ann.ended(job["id"])

        assert [one["id"] for one in (await ann.get("/v1/jobs")).json()["data"]] == [job["id"]]
        assert (await eve.get("/v1/jobs")).json()["data"] == []
        for path in (
            *(job["urls"][name] for name in ("self", "events", "artifacts")),
            f"{job['urls']['artifacts']}/plot.png",
            f"/v1/sessions/{job['session_id']}",
            f"/v1/files/{file_id}",
            f"/api/tasks/{job['id']}",
        ):
            assert (await eve.get(path)).status_code == 404, path
        assert (await eve.post(job["urls"]["cancel"])).status_code == 404
        assert (await eve.delete(f"/v1/sessions/{job['session_id']}")).status_code == 404
        assert (await eve.delete(f"/v1/files/{file_id}")).status_code == 404
        for asked in ({"session_id": job["session_id"]}, {"file_id": file_id}):
            response = await eve.post("/v1/analyses", json={"question": "what is in it?", **asked})
            assert response.status_code == 404


async def test_an_idempotency_key_belongs_to_its_api_key(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        clients = [gateway.client(await gateway.create_key(name)) for name in ("Ann", "Eve")]
        answers = [await client.post("/v1/sessions", headers={"Idempotency-Key": "1"}) for client in clients]

        assert answers[0].json()["id"] != answers[1].json()["id"]


# Limits ---------------------------------------------------------------------------------------------------------------


async def test_answers_say_what_is_left_of_the_minute(start_gateway: StartGateway) -> None:
    async with start_gateway(requests_per_minute=10) as gateway:
        first = await gateway.http.get("/v1/jobs")
        missing = await gateway.http.get("/v1/jobs/job_unknown")
        created = await gateway.http.post_question("how many?", CSV)

        assert first.headers["RateLimit-Policy"] == '"default";q=10;w=60'
        assert first.headers["RateLimit"].startswith('"default";r=9;t=')
        assert missing.headers["RateLimit"].startswith('"default";r=8;t=')
        assert created.headers["RateLimit"].startswith('"default";r=7;t=')


async def test_beyond_the_limit_is_429_with_when_to_come_back(start_gateway: StartGateway) -> None:
    async with start_gateway(requests_per_minute=2) as gateway:
        await gateway.http.get("/v1/jobs")
        await gateway.http.get("/v1/jobs")
        refused = await gateway.http.get("/v1/jobs")

        assert refused.status_code == 429
        assert refused.json()["code"] == "rate_limit.exceeded"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["RateLimit"].startswith('"default";r=0;t=')
        assert (await gateway.http.get("/health/live")).status_code == 200


async def test_each_key_has_its_own_limit_and_count(start_gateway: StartGateway, cli: Cli) -> None:
    async with start_gateway(auth="keys", requests_per_minute=3) as gateway:
        _, secret, _ = await run_cli(cli, "keys", "create", "slow", "--requests-per-minute", "1")
        slow, quick = gateway.client(secret), gateway.client(await gateway.create_key())

        assert [(await slow.get("/v1/jobs")).status_code for _ in range(2)] == [200, 429]
        assert [(await quick.get("/v1/jobs")).status_code for _ in range(4)] == [200, 200, 200, 429]


async def test_questions_over_a_socket_count_too(start_gateway: StartGateway) -> None:
    async with start_gateway(requests_per_minute=2) as gateway:
        session = (await gateway.http.post("/api/sessions")).json()["session_id"]
        async with gateway.connect(f"/ws/analyze/{session}") as socket:
            await send(socket, type="analyze", query="how many?", file_base64="YQox")
            assert (await receive(socket))["type"] == "progress"
        async with gateway.connect(f"/ws/analyze/{session}") as socket:
            await send(socket, type="analyze", query="how many?")
            assert (await receive(socket))["code"] == "rate_limit.exceeded"


# Tickets and subprotocols ---------------------------------------------------------------------------------------------


async def test_a_browser_may_offer_its_key_as_a_subprotocol(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        secret = await gateway.create_key()
        async with gateway.connect("/v1/events", subprotocols=["bearer", secret]) as socket:
            await send(socket, type="ping")

            assert socket.subprotocol == "bearer"
            assert await receive(socket) == {"type": "pong"}


async def test_a_ticket_opens_one_socket_once(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        client = gateway.client(await gateway.create_key())
        job = await client.ask()
        answer = await client.post("/v1/tickets")
        path = f"/v1/events?ticket={answer.json()['ticket']}"
        async with gateway.connect(path) as socket:
            await send(socket, type="watch", job_id=job["id"])
            assert (await receive(socket))["event"] == "queued"
        async with gateway.connect(path) as socket:
            assert (await receive(socket))["code"] == "key.invalid"
            assert await close_code(socket) == 4401

        assert answer.status_code == 201
        assert 0 < answer.json()["expires_in"] <= 60


async def test_a_ticket_expires(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        ticket = (await gateway.client(await gateway.create_key()).post("/v1/tickets")).json()["ticket"]
        await gateway.rows(sa.update(tickets).values(expires_at=sa.func.now()))
        async with gateway.connect(f"/v1/events?ticket={ticket}") as socket:
            assert (await receive(socket))["code"] == "key.invalid"


async def test_the_ticket_of_a_revoked_key_is_worthless(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        ticket = (await gateway.client(await gateway.create_key()).post("/v1/tickets")).json()["ticket"]
        await gateway.rows(sa.update(api_keys).values(revoked_at=sa.func.now()))
        async with gateway.connect(f"/v1/events?ticket={ticket}") as socket:
            assert (await receive(socket))["code"] == "key.invalid"
