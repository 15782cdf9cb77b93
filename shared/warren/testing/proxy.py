"""A TCP proxy for tests that can turn into a network that swallows packets without closing anything."""

import asyncio
import contextlib
import enum
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from yarl import URL

CHUNK_BYTES = 65_536


class Network(enum.Enum):
    """What happens to packets."""

    fine = "all pass"
    one_way = "what the server sends arrives, what the client sends does not"
    dead = "nothing passes, and nothing is closed"


class _Link:
    """One client's connection. One that was dead once never recovers, as when a firewall has forgotten it."""

    def __init__(self, network: Network) -> None:
        self.network = network


class Proxy:
    """Stands between clients and a server on 127.0.0.1: `async with Proxy(server_port) as proxy`.

    At `port`, if given: before and after the block nobody listens there, as if the server were not running.
    """

    def __init__(self, server_port: int, port: int = 0) -> None:
        self._server_port = server_port
        self._own_port = port
        self._server: asyncio.Server | None = None
        self._network = Network.fine
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._own_port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the proxy was not entered")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def url(self, url: str) -> str:
        """The same server through this proxy."""
        return str(URL(url).with_port(self.port))

    @contextlib.contextmanager
    def broken(self, network: Network = Network.dead) -> Iterator[None]:
        """Swallow packets within the block, and those of these connections for ever."""
        self._network = network
        for link in self._links:
            link.network = network
        try:
            yield
        finally:
            self._network = Network.fine

    def cut(self) -> None:
        """Close all connections; new ones pass."""
        for task in tuple(self._tasks):
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self._network)
        self._links.add(link)
        try:
            await self._relay(link, reader, writer)
        finally:
            self._links.discard(link)
            writer.close()

    async def _relay(self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            return
        to_server = asyncio.create_task(_pump(reader, server_writer, link, {Network.fine}))
        to_client = asyncio.create_task(_pump(server_reader, writer, link, {Network.fine, Network.one_way}))
        try:
            await asyncio.wait({to_server, to_client}, return_when=asyncio.FIRST_COMPLETED)
            if link.network is not Network.fine:
                # The other side must never learn that this one has closed.
                await asyncio.Event().wait()
        finally:
            for task in (to_server, to_client):
                task.cancel()
            await asyncio.gather(to_server, to_client, return_exceptions=True)
            server_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link, passes: set[Network]) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK_BYTES):
            if link.network in passes:
                writer.write(data)
                await writer.drain()
