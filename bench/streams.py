"""Live audio: 20 clients that speak, 200 that are silent, against a bare confirmed publisher on the same broker.

Each client sends 32 chunks of 1,000 bytes (1/32 s of 16 kHz linear16) a second, in real time. The times are those from
a chunk's `send` to its `ack`.
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aio_pika
import av
import psutil
from av.audio.resampler import AudioResampler
from websockets.asyncio.client import ClientConnection, connect

from bench.harness import ROOT, Suite, suite
from warren.embedded import free_port

SPEECH = ROOT / "services" / "transcriber" / "tests" / "data" / "leisure.flac"
CHUNK = 1000
RATE = 32
SPEAKERS = 20
SILENT = 200
SECONDS = 30
PUBLISHED = 3000


@dataclass
class Client:
    """What one client saw."""

    sent: list[float] = field(default_factory=list)
    acks: list[float] = field(default_factory=list)
    finals: int = 0
    text: str = ""
    worst_lag_ms: int = 0
    in_order: bool = True

    async def listen(self, socket: ClientConnection) -> None:
        async for message in socket:
            said = json.loads(message)
            if said["type"] == "ack":
                self.acks.append(time.perf_counter() - self.sent[said["seq"] - 1])
                self.in_order &= said["seq"] == len(self.acks)
                self.worst_lag_ms = max(self.worst_lag_ms, said["lag_ms"])
            elif said["type"] == "transcript" and said["final"]:
                self.finals += 1
            elif said["type"] == "done":
                self.text = said["text"]
            elif said["type"] == "error":
                raise RuntimeError(said)


def samples() -> bytes:
    """The recording as 16 kHz linear16."""
    resampler = AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(SPEECH)) as file:
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    return b"".join(frame.to_ndarray().tobytes() for frame in [*frames, *resampler.resample(None)])


@asynccontextmanager
async def streaming(url: str) -> AsyncIterator[ClientConnection]:
    address = f"{url.replace('http', 'ws', 1)}/v1/audio/stream?interim=true"
    async with connect(
        address, proxy=None, compression=None, max_queue=None, ping_interval=None, open_timeout=60
    ) as socket:
        ready = json.loads(await socket.recv())
        if ready["type"] != "ready":
            raise RuntimeError(ready)
        yield socket


async def speak(url: str, audio: bytes, seconds: float, rate: float = RATE) -> Client:
    """Send audio, again and again, at this rate for so long; then wait for the rest."""
    client = Client()
    async with streaming(url) as socket:
        listening = asyncio.create_task(client.listen(socket))
        await asyncio.sleep(random.random() / rate)
        started = time.perf_counter()
        for number in range(int(seconds * rate)):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            start = number * CHUNK % (len(audio) - CHUNK)
            client.sent.append(time.perf_counter())
            await socket.send(audio[start : start + CHUNK])
        await socket.send('{"type": "end"}')
        async with asyncio.timeout(300):
            await listening
    return client


def percentiles(times: Sequence[float]) -> str:
    ordered = sorted(times)
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    picked = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in shares.items()}
    return "  ".join(f"{name} {seconds * 1000:6.1f} ms" for name, seconds in picked.items())


def report(name: str, clients: Sequence[Client], seconds: float, cpu: float) -> None:
    """`cpu` is the gateway's time in seconds, which a busy machine changes less than the rest."""
    acks = [ack for client in clients for ack in client.acks]
    sent = sum(len(client.sent) for client in clients)
    lags = [client.worst_lag_ms for client in clients]
    print(
        f"{name:<28} {len(acks)}/{sent} acknowledged, {len(acks) / seconds:6.0f}/s   {percentiles(acks)}\n"
        f"{'':<28} gateway: {cpu / len(acks) * 1000:.2f} ms of CPU a chunk\n"
        f"{'':<28} in order: {all(client.in_order for client in clients)}   finals: {sum(c.finals for c in clients)}"
        f" ({min(c.finals for c in clients)} at least)   worst lag {max(lags) / 1000:.1f} s"
        f" (median {statistics.median(lags) / 1000:.1f} s)",
        flush=True,
    )


async def idle(url: str, gateway: psutil.Process) -> float:
    """What an open stream takes of the gateway's memory, in kB."""
    before, taken = gateway.memory_info().rss, 0
    opened = asyncio.Barrier(SILENT)

    async def hold() -> None:
        nonlocal taken
        async with streaming(url) as socket:
            await opened.wait()
            taken = taken or gateway.memory_info().rss - before
            await socket.send('{"type": "end"}')
            async for _ in socket:
                pass

    await asyncio.gather(*(hold() for _ in range(SILENT)))
    return taken / SILENT / 1000


async def bare(url: str, lanes: int) -> float:
    """Messages a second of a bare publisher that awaits each confirm, in so many lanes on one channel."""
    connection = await aio_pika.connect(url)
    channel = await connection.channel()
    queue = await channel.declare_queue("bench.bare", durable=True, arguments={"x-queue-type": "quorum"})
    left = iter(range(PUBLISHED))

    async def lane() -> None:
        for _ in left:
            message = aio_pika.Message(bytes(CHUNK), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, queue.name)

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(lanes)))
    rate = PUBLISHED / (time.perf_counter() - started)
    await queue.delete(if_unused=False, if_empty=False)
    await connection.close()
    return rate


async def flood(url: str, clients: int, seconds: float) -> float:
    """Chunks a second acknowledged to clients that send the next one when the last is acknowledged."""
    counted = 0

    async def client(socket: ClientConnection) -> None:
        nonlocal counted
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await socket.send(bytes(CHUNK))
                    await socket.recv()
                    counted += 1

    async def whole() -> None:
        async with streaming(url) as socket:
            await begin.wait()
            await client(socket)
            await socket.send('{"type": "end"}')
            async for _ in socket:
                pass

    begin = asyncio.Event()
    tasks = [asyncio.create_task(whole()) for _ in range(clients)]
    await asyncio.sleep(10)
    begin.set()
    await asyncio.gather(*tasks)
    return counted / seconds


@contextmanager
def transcriber(made: Suite) -> Iterator[subprocess.Popen[bytes]]:
    port = str(free_port())
    environment = {**made.environment, "WARREN_METRICS_PORT": port, "WARREN_STREAMS_PER_WORKER": "250"}
    command = (str(Path(sys.executable).with_name("transcriber-streams")), "worker")
    with Suite(environment).process(*command, ready=f"http://127.0.0.1:{port}/health/ready") as process:
        yield process


async def measure(url: str, broker_url: str) -> None:
    gateway = next(child for child in psutil.Process().children() if "bench.server" in child.cmdline())

    async def together(name: str, count: int, audio: bytes, rate: float) -> None:
        before = gateway.cpu_times()
        clients = await asyncio.gather(*(speak(url, audio, SECONDS, rate) for _ in range(count)))
        after = gateway.cpu_times()
        report(name, clients, SECONDS, after.user + after.system - before.user - before.system)

    speech = samples()
    silence = bytes(len(speech))
    print(f"{SILENT} open streams: {await idle(url, gateway):.0f} kB of the gateway's memory each", flush=True)
    await together("20 silent clients", SPEAKERS, silence, RATE)
    await together("20 clients, half of it speech", SPEAKERS, speech + silence, RATE)
    await together(f"{SILENT} silent clients, 3/s each", SILENT, silence, 3)
    reference = await bare(broker_url, SILENT)
    ours = await flood(url, SILENT, 10)
    print(f"{SILENT} clients, as fast as acknowledged: {ours:.0f}/s")
    print(f"bare publisher, as many at a time: {reference:.0f}/s; ratio {ours / reference:.2f}")


def main() -> None:
    with ExitStack() as stack:
        made = stack.enter_context(suite())
        made.environment["WARREN_STREAMS_PER_WORKER"] = "250"
        made.environment["WARREN_STREAM_IDLE_SECONDS"] = "300"
        made.environment["WARREN_MAX_SOCKETS_PER_KEY"] = "500"
        worker = stack.enter_context(transcriber(made))
        url = stack.enter_context(made.gateway())
        print(f"{psutil.cpu_count()} cores, worker {worker.pid}", flush=True)
        asyncio.run(measure(url, made.environment["WARREN_BROKER_URL"]))


if __name__ == "__main__":
    main()
