"""Names that lead to the own network after all: by a redirect, a second answer of DNS, or one of several addresses."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore2
import httpx2
import pytest

from digest.fetching import Fetcher, FetchFailed, PublicNetwork, PublicTransport

from .publisher import Answer, Publisher, publishing, reply

PUBLIC = "93.184.215.14"


@dataclass
class Internet(httpcore2.AsyncNetworkBackend):
    """A resolver whose answers are taken one after the other, and a public address where the publisher is."""

    answers: dict[str, list[list[str]]]
    port: int
    lookups: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        self.lookups.append(host)
        found = self.answers.get(host) or [[host]]
        addresses = found.pop(0) if len(found) > 1 else found[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        self.connections.append(host)
        network = httpcore2.AnyIOBackend()
        return await network.connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


@asynccontextmanager
async def reading(
    monkeypatch: pytest.MonkeyPatch, publisher: Publisher, answers: dict[str, list[list[str]]]
) -> AsyncIterator[tuple[Fetcher, Internet]]:
    internet = Internet(answers, httpx2.URL(publisher.url).port or 0)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", internet.getaddrinfo)
    transport = PublicTransport(ssl.create_default_context(), PublicNetwork(internet))
    async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=30) as client:
        yield Fetcher(client, 1_000_000, 30), internet


def redirect(location: str) -> Answer:
    return reply(status="302 Found", Location=location)


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1/", "http://169.254.169.254/latest/meta-data", "//[::1]/", "http://inside.example/"],
)
async def test_a_public_page_cannot_redirect_to_the_own_network(monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    names = {"news.example": [[PUBLIC]], "inside.example": [["10.0.0.5"]]}
    async with publishing(redirect(location)) as publisher, reading(monkeypatch, publisher, names) as (fetcher, net):
        with pytest.raises(FetchFailed, match="is not an address of the Internet"):
            await fetcher.get("http://news.example/feed", {})

    assert net.connections == [PUBLIC]
    assert len(publisher.requests) == 1


async def test_what_dns_says_after_the_check_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"news.example": [[PUBLIC], ["127.0.0.1"]]}
    async with publishing(reply(b"<rss/>")) as publisher, reading(monkeypatch, publisher, names) as (fetcher, net):
        first = await fetcher.get("http://news.example/feed", {})
        assert (net.lookups, net.connections) == (["news.example"], [PUBLIC])
        with pytest.raises(FetchFailed, match="is not an address of the Internet"):
            await fetcher.get("http://news.example/feed", {})

    assert first.body == b"<rss/>"
    assert net.connections == [PUBLIC]


async def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"news.example": [[PUBLIC, "192.168.0.1"]]}
    async with publishing(reply(b"<rss/>")) as publisher, reading(monkeypatch, publisher, names) as (fetcher, net):
        with pytest.raises(FetchFailed, match="is not an address of the Internet"):
            await fetcher.post("http://news.example/hook", {}, b"{}")

    assert net.connections == []
