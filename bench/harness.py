"""A suite of its own for a benchmark: private RabbitMQ and PostgreSQL, processes, a load generator, a clock."""

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from warren.embedded import EmbeddedPostgres, free_port
from warren.testing.services import scratch_directory, scratch_rabbitmq

ROOT = Path(__file__).parent.parent
SET_UP = (
    ("gateway", "migrate"),
    ("analyzer", "migrate"),
    ("digest", "migrate"),
    ("warren", "migrate"),
    ("warren", "topology", "declare"),
)


@dataclass(frozen=True)
class Suite:
    """Where a benchmark's services are, and the environment its processes get."""

    environment: dict[str, str]
    management_url: str = ""
    """Of RabbitMQ's management API."""

    @property
    def database_dsn(self) -> str:
        """PostgreSQL as asyncpg writes it."""
        return self.environment["WARREN_DATABASE_URL"].replace("+asyncpg", "")

    @contextlib.contextmanager
    def process(self, *command: str, ready: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """A process beside the benchmark, until the end of the block; waits for the URL `ready`."""
        started = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        try:
            if ready:
                _await_url(ready, started)
            yield started
        finally:
            started.terminate()
            started.wait(20)

    @contextlib.contextmanager
    def gateway(self) -> Iterator[str]:
        """The gateway with the benchmark's routes; gives its URL."""
        port = free_port()
        command = (sys.executable, "-m", "bench.server", str(port))
        with self.process(*command, ready=f"http://127.0.0.1:{port}/health/ready"):
            yield f"http://127.0.0.1:{port}"

    @contextlib.contextmanager
    def worker(self) -> Iterator[None]:
        """A worker of the benchmark's job kinds."""
        port = str(free_port())
        with Suite({**self.environment, "WARREN_METRICS_PORT": port, "WARREN_WORKER_CONCURRENCY": "100"}).process(
            sys.executable, "-m", "bench.noop", ready=f"http://127.0.0.1:{port}/health/ready"
        ):
            yield


@contextlib.contextmanager
def suite() -> Iterator[Suite]:
    """Fresh servers with a declared topology and a migrated, durable database."""
    with scratch_directory("warren-bench-") as data, scratch_rabbitmq() as rabbitmq:
        postgres = EmbeddedPostgres(data / "postgres")
        postgres.start()
        try:
            environment = {
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "WARREN_BROKER_URL": rabbitmq.url,
                "WARREN_DATABASE_URL": postgres.url,
                "WARREN_BLOBS_URL": (data / "blobs").as_uri(),
                "WARREN_REQUESTS_PER_MINUTE": "100000000",
                "WARREN_LOG_LEVEL": "WARNING",
            }
            programs = Path(sys.executable).parent
            for program, *arguments in SET_UP:
                subprocess.run([programs / program, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
            yield Suite(environment, rabbitmq.management_url)
        finally:
            postgres.stop()


def _await_url(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(url, timeout=1):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no answer from {url}") from None
            time.sleep(0.1)


@dataclass(frozen=True)
class Load:
    """What a load test measured: requests a second, and the time of each in seconds, sorted."""

    rate: float
    seconds: Sequence[float]

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * share))] * 1000

    def __str__(self) -> str:
        return f"{self.rate:8.0f}/s   p50 {self.percentile(0.5):6.1f} ms   p99 {self.percentile(0.99):6.1f} ms"


async def post_many(url: str, count: int, connections: int, bodies: Sequence[bytes] = ()) -> Load:
    """POST `count` times over keep-alive connections, as fast as the server answers; `bodies` are JSON, one for each.

    Speaks HTTP/1.1 itself: a full client would take more of the two cores than what it measures.
    """
    host, _, path = url.removeprefix("http://").partition("/")
    address, port = host.split(":")
    head = f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
    left = iter(range(count))
    seconds: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(address, int(port))
        for n in left:
            body = bodies[n] if bodies else b""
            started = time.perf_counter()
            writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            status = int(answer[9:12])
            length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            if status not in {200, 202}:
                raise RuntimeError(f"{url} answered {status}")
            seconds.append(time.perf_counter() - started)
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    return Load(count / (time.perf_counter() - started), sorted(seconds))


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 120.0) -> None:
    """Wait for something that only asking can tell."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


def median_ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """Of ours to the reference, over rounds that alternate: a noisy neighbour hits both."""
    return statistics.median(ours / reference for ours, reference in pairs)
