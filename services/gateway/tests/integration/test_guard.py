"""Without authentication, no page of another origin may use the API of a person's own machine."""

from contextlib import AbstractAsyncContextManager

import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from .conftest import StartGateway
from .support import CSV, RunningGateway, receive, send

SOCKETS = ("/v1/events", "/ws/analyze/ses_any")


def socket_to(gateway: RunningGateway, path: str, **headers: str) -> AbstractAsyncContextManager[ClientConnection]:
    """A WebSocket to this gateway, whatever its Host header says."""
    host, origin = headers.get("Host", f"127.0.0.1:{gateway.port}"), headers.get("Origin")
    return websockets.connect(
        f"ws://{host}{path}",
        host="127.0.0.1",
        port=gateway.port,
        proxy=None,
        origin=Origin(origin) if origin else None,
    )


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost.evil.example"]
)
async def test_a_page_of_another_origin_can_make_no_job(gateway: RunningGateway, origin: str) -> None:
    """What a browser sends without asking first: a form with a file."""
    refused = await gateway.http.post_question("how many?", CSV, {"Origin": origin})

    assert refused.status_code == 403
    assert refused.json()["code"] == "origin.not_allowed"
    assert (await gateway.http.get("/v1/jobs")).json()["data"] == []


@pytest.mark.parametrize("path", ["/v1/jobs", "/health", "/", "/openapi.json"])
async def test_it_can_read_nothing_either(gateway: RunningGateway, path: str) -> None:
    assert (await gateway.http.get(path, headers={"Origin": "https://evil.example"})).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "["]
)
async def test_a_name_that_was_pointed_at_this_machine_is_refused(gateway: RunningGateway, host: str) -> None:
    """DNS rebinding: to the browser the page and the API are of one origin."""
    headers = {"Host": host, "Origin": f"http://{host}"}
    refused = [
        await gateway.http.get("/v1/jobs", headers=headers),
        await gateway.http.post_question("how many?", CSV, headers),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(403, "host.not_allowed")] * 2
    assert "WARREN_ALLOWED_HOSTS" in refused[0].json()["detail"]


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://evil.example", "Host": "evil.example"},
        {"Host": "evil.example"},
    ],
    ids=str,
)
async def test_no_socket_of_such_a_page_is_opened(gateway: RunningGateway, path: str, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with socket_to(gateway, path, **headers):
            pass

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "127.0.0.2", "[::1]", "warren.localhost"])
async def test_pages_of_this_machine_may(gateway: RunningGateway, name: str) -> None:
    host = f"{name}:{gateway.port}"
    headers = {"Host": host, "Origin": f"http://{host}"}

    assert (await gateway.http.post_question("how many?", CSV, headers)).status_code == 202
    async with socket_to(gateway, "/v1/events", **headers) as socket:
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


async def test_names_and_origins_of_the_settings_may(start_gateway: StartGateway) -> None:
    async with start_gateway(allowed_hosts=["box.lan"], cors_origins=["https://tools.example"]) as gateway:
        for headers in ({"Host": "box.lan:8000"}, {"Origin": "https://tools.example"}):
            assert (await gateway.http.post_question("how many?", CSV, headers)).status_code == 202


async def test_with_keys_pages_of_other_origins_get_nowhere_without_one(start_gateway: StartGateway) -> None:
    async with start_gateway(auth="keys") as gateway:
        headers = {"Host": "warren.example", "Origin": "https://evil.example"}
        client = gateway.client(await gateway.create_key())

        assert (await gateway.http.get("/v1/jobs", headers=headers)).status_code == 401
        assert (await client.get("/v1/jobs", headers=headers)).status_code == 200
