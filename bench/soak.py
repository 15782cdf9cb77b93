"""Live streams for ten minutes: clients come, speak, are cut off, vanish; what is left behind?

`SOAK_SECONDS` is another length than 600, `SOAK_STREAMS` another number of clients than 10. Printed are queues,
messages, open streams, blobs, processes and memory: before, when all are warm (after a tenth of the time), and after;
and memory at each tenth of the time, which tells a leak from what settles.
"""

import asyncio
import collections
import itertools
import json
import os
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx2
import psutil
from websockets.asyncio.client import ClientConnection, connect
from yarl import URL

from bench.harness import Suite, suite, until
from bench.streams import CHUNK, RATE, SPEECH, samples, transcriber

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
STREAMS = int(os.environ.get("SOAK_STREAMS", "10"))
LONGEST_SECONDS = 30.0
IDLE_SECONDS = 10
"""After so long without its client a stream ends by itself."""
PATIENCE_SECONDS = 300.0
SILENCE = 3
"""Times as long as speech: the recognition of more speech than this would not keep up on two cores."""
MEGABYTE = 1_000_000
WAYS = ("ends",) * 6 + ("comes back",) * 3 + ("vanishes",)
"""What clients do when they have spoken; each as likely as it stands here."""

Counts = collections.Counter[str]


@dataclass(frozen=True)
class Talk:
    """One visit of a client: `audio` in chunks at the pace of speech, and what happens then."""

    query: str
    audio: Sequence[bytes]
    way: str


@dataclass
class Client:
    """Visits again and again until the time is over. `counts` is shared by all."""

    url: str
    speech: bytes
    until: float
    chance: random.Random
    counts: Counts = field(default_factory=collections.Counter)

    async def run(self) -> None:
        while time.monotonic() < self.until:
            await self._visit(self._talk())

    def _talk(self) -> Talk:
        way = self.chance.choice(WAYS)
        if self.chance.random() < 0.2:
            return Talk("encoding=container", _chunks(SPEECH.read_bytes()), way)
        chunks = _chunks(self.speech + bytes(SILENCE * len(self.speech)))
        first = self.chance.randrange(len(chunks))
        last = first + int(self.chance.uniform(1, LONGEST_SECONDS) * RATE)
        return Talk("interim=true", list(itertools.islice(itertools.cycle(chunks), first, last)), way)

    async def _visit(self, talk: Talk) -> None:
        half = len(talk.audio) // 2 if talk.way == "comes back" else len(talk.audio)
        token = await self._speak(talk.query, talk.audio[:half], end=talk.way == "ends")
        if talk.way == "comes back":
            await self._speak(f"resume={token}", talk.audio[half:], end=True)
        self.counts[f"streams whose client {talk.way}"] += 1

    async def _speak(self, query: str, audio: Sequence[bytes], *, end: bool) -> str:
        """Say this, and hear all of the rest if it is the end. The token to come back with."""
        address = f"{self.url.replace('http', 'ws', 1)}/v1/audio/stream?{query}"
        async with connect(address, proxy=None, compression=None, open_timeout=60) as socket:
            ready = json.loads(await socket.recv())
            if ready["type"] != "ready":
                raise RuntimeError(ready)
            taken = asyncio.Event()
            hearing = asyncio.create_task(self._hear(socket, len(audio), taken))
            started = time.monotonic()
            for number, chunk in enumerate(audio):
                await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
                await socket.send(chunk)
            if end:
                await socket.send('{"type": "end"}')
            async with asyncio.timeout(PATIENCE_SECONDS):
                await hearing if end else await self._cut_off(hearing, taken, socket)
        return str(ready["resume_token"])

    async def _hear(self, socket: ClientConnection, chunks: int, taken: asyncio.Event) -> None:
        async for message in socket:
            said = json.loads(message)
            self.counts[said["type"]] += 1
            chunks -= said["type"] == "ack"
            if not chunks:
                taken.set()
            if said["type"] == "error":
                raise RuntimeError(said)
        if chunks:
            raise RuntimeError(f"{chunks} chunks were not acknowledged")

    async def _cut_off(self, hearing: "asyncio.Task[None]", taken: asyncio.Event, socket: ClientConnection) -> None:
        """Once all is acknowledged: what was not, a client would have to send again."""
        acknowledged = asyncio.create_task(taken.wait())
        await asyncio.wait({acknowledged, hearing}, return_when=asyncio.FIRST_COMPLETED)
        acknowledged.cancel()
        if hearing.done():
            hearing.result()
        hearing.cancel()
        socket.transport.abort()


def _chunks(audio: bytes) -> list[bytes]:
    return [audio[start : start + CHUNK] for start in range(0, len(audio), CHUNK)]


async def state(made: Suite, families: dict[str, psutil.Process]) -> dict[str, float]:
    """What there is now, by name."""
    vhost = URL(made.environment["WARREN_BROKER_URL"]).path
    async with httpx2.AsyncClient(base_url=made.management_url, trust_env=False) as management:
        queues = (await management.get(f"queues{vhost}", params={"columns": "name,messages"})).json()
    blobs = Path(URL(made.environment["WARREN_BLOBS_URL"]).path)
    found: dict[str, float] = {
        "queues": len(queues),
        "messages": sum(queue.get("messages", 0) for queue in queues),
        "open streams": await open_streams(made),
        "blobs": sum(path.is_file() for path in blobs.rglob("*")),
    }
    for name, parent in families.items():
        family = [parent, *parent.children(recursive=True)]
        found[f"{name}: processes"] = len(family)
        found[f"{name}: MB"] = round(sum(process.memory_info().rss for process in family) / MEGABYTE, 1)
    return found


async def open_streams(made: Suite) -> int:
    connection = await asyncpg.connect(made.database_dsn)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM gateway.jobs WHERE completed_at IS NULL")
    finally:
        await connection.close()
    return count


async def soak(made: Suite, url: str, families: dict[str, psutil.Process]) -> None:
    speech, counts = samples(), Counts()
    before = await state(made, families)
    over = time.monotonic() + SECONDS
    clients = [Client(url, speech, over, random.Random(number), counts) for number in range(STREAMS)]
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.run())
        tenths = [await later(SECONDS / 10, made, families) for _ in range(10)]

    async def ended() -> bool:
        return not await open_streams(made)

    await until(ended, PATIENCE_SECONDS)
    await asyncio.sleep(IDLE_SECONDS)  # until RabbitMQ has counted, and processes have let go
    after = await state(made, families)
    print("  ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    print(f"{'':<28}{'before':>10}{'warm':>10}{'after':>10}")
    for name in before:
        print(f"{name:<28}{before[name]:>10}{tenths[0][name]:>10}{after[name]:>10}")
    for name in families:
        print(f"{name}: MB at each tenth:", *(tenth[f"{name}: MB"] for tenth in tenths))


async def later(seconds: float, made: Suite, families: dict[str, psutil.Process]) -> dict[str, float]:
    await asyncio.sleep(seconds)
    return await state(made, families)


def main() -> None:
    with ExitStack() as stack:
        made = stack.enter_context(suite())
        made.environment["WARREN_STREAMS_PER_WORKER"] = "250"
        made.environment["WARREN_STREAM_IDLE_SECONDS"] = str(IDLE_SECONDS)
        worker = stack.enter_context(transcriber(made))
        url = stack.enter_context(made.gateway())
        gateway = next(child for child in psutil.Process().children() if "bench.server" in child.cmdline())
        print(f"{STREAMS} clients for {SECONDS:g} s", flush=True)
        asyncio.run(soak(made, url, {"gateway": gateway, "transcriber": psutil.Process(worker.pid)}))


if __name__ == "__main__":
    main()
