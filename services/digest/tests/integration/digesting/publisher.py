"""An HTTP server for feeds and webhooks that can behave as badly as servers do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

RSS = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>News</title>
<item><guid>1</guid><title>First</title><link>https://news.example/1</link>
<description>&lt;p&gt;The &lt;b&gt;first&lt;/b&gt; story.&lt;/p&gt;</description>
<pubDate>Mon, 23 Nov 2026 07:00:00 GMT</pubDate></item>
<item><guid>2</guid><title>Second</title>
<link>javascript:alert(1)</link><description>The second story.</description></item>
</channel></rss>"""

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> Answer:
    """Send this and close."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return answer


async def endless(writer: asyncio.StreamWriter) -> None:
    """Never stop sending, slowly."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def huge(writer: asyncio.StreamWriter) -> None:
    """Send ten megabytes."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<rss>")
    for _ in range(160):
        writer.write(b" " * 65_536)
        await writer.drain()


@dataclass
class Publisher:
    """`answers` are taken one after the other; the last is repeated. `requests` hold heads and bodies as they came."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((headers, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await answer(writer)
            await writer.drain()
        except ConnectionError:  # the client has had enough, as it should
            return
        finally:
            writer.close()


@asynccontextmanager
async def publishing(*answers: Answer) -> AsyncIterator[Publisher]:
    """A publisher that gives these answers."""
    publisher = Publisher(answers=list(answers))
    server = await asyncio.start_server(publisher.serve, "127.0.0.1", 0)
    publisher.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
    async with server:
        yield publisher
