"""Calls addresses that users gave: only public ones, not for long, and not for much."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urljoin

import httpcore2
import httpx2

from digest import urls
from digest.errors import Refused
from warren.errors import WarrenError

REDIRECTS = 5
AGENT = "Warren digest (feed reader)"


class FetchFailed(WarrenError):
    """`message` says why, for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Fetched:
    """An answer; the body is whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class PublicNetwork(httpcore2.AsyncNetworkBackend):
    """Connects, through `network`, to the very address it has checked: a second answer of DNS changes nothing."""

    def __init__(self, network: httpcore2.AsyncNetworkBackend | None = None) -> None:
        self._network = network or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        address = await _public_address(host, port)
        return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


async def _public_address(host: str, port: int) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore2.ConnectError(f"the name {host} is not known") from error
    addresses = [str(item[4][0]).split("%")[0] for item in found]
    if not addresses or not all(urls.is_public(ipaddress.ip_address(address)) for address in addresses):
        raise Refused("url.unsafe", f"{host} is not an address of the Internet.")
    return addresses[0]


class PublicTransport(httpx2.AsyncHTTPTransport):
    """Requests over such a network."""

    def __init__(self, tls: ssl.SSLContext, network: PublicNetwork) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=tls, network_backend=network)


class Fetcher:
    """Asks with time and size limits. `fetcher()` makes one."""

    def __init__(self, client: httpx2.AsyncClient, max_bytes: int, seconds: float) -> None:
        self._client = client
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        """Follows redirects, each checked. Raises `FetchFailed`."""
        async with self._limits():
            for _ in range(REDIRECTS + 1):
                urls.check(url)
                answer = await self._request("GET", url, headers, b"")
                location = answer.headers.get("location")
                if answer.status not in {301, 302, 303, 307, 308} or not location:
                    return answer
                url = urljoin(url, location)
        raise FetchFailed(f"It redirects more than {REDIRECTS} times.")

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Fetched:
        """Follows no redirect. Raises `FetchFailed`."""
        async with self._limits():
            urls.check(url)
            return await self._request("POST", url, headers, body)

    @asynccontextmanager
    async def _limits(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except TimeoutError:
            raise FetchFailed(f"It took longer than {self._seconds:g} s.") from None
        except Refused as refused:
            raise FetchFailed(refused.message) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpcore2.ConnectError) as error:
            raise FetchFailed(f"It cannot be reached ({str(error)[:200] or type(error).__name__}).") from None

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Fetched:
        # What is unpacked counts, and gzip cannot grow a piece without bounds as others can.
        sent = {"User-Agent": AGENT, "Accept-Encoding": "gzip", **headers}
        async with self._client.stream(method, url, headers=sent, content=body) as answer:
            parts: list[bytes] = []
            size = 0
            async for part in answer.aiter_bytes():
                parts.append(part)
                size += len(part)
                if size > self._max_bytes:
                    raise FetchFailed(f"It is larger than {self._max_bytes:,} bytes.")
            return Fetched(answer.status_code, answer.headers, b"".join(parts))


@asynccontextmanager
async def fetcher(*, max_bytes: int, seconds: float, allow_private: bool = False) -> AsyncIterator[Fetcher]:
    """`allow_private` is for tests, whose servers are on this machine."""
    tls = ssl.create_default_context()
    anywhere = partial(httpx2.AsyncHTTPTransport, verify=tls, trust_env=False)
    transport = anywhere() if allow_private else PublicTransport(tls, PublicNetwork())
    async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=seconds) as client:
        yield Fetcher(client, max_bytes, seconds)
