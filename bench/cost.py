"""What a job costs: CPU milliseconds of each part of the suite by job kind, and the memory of each worker.

CPU seconds, not elapsed ones: they say how many workers a load needs, and a busy neighbour changes them little.
docs/capacity.md is made of this.
"""

import asyncio
import contextlib
import itertools
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from bench.harness import ROOT, Suite, suite
from warren.embedded import free_port

TABLE = ROOT / "services" / "analyzer" / "tests" / "data" / "seattle-weather.csv"
SPEECH = ROOT / "services" / "transcriber" / "tests" / "data" / "leisure.flac"
TEXT = "The tide came in and took the sand, the wind was cold, the boats were manned. " * 12
WORKERS = {
    "analyzer": ("analyzer", "worker"),
    "analyzer-bulk": ("analyzer-bulk", "worker"),
    "transcriber-files": ("transcriber-files", "worker"),
    "digest": ("digest", "worker"),
    "no-op": ("-m", "bench.noop"),
}
SERVERS = {"beam.smp": "rabbitmq", "postgres": "postgres"}
WAIT = {"Prefer": "wait=60"}
_numbers = itertools.count()


@dataclass(frozen=True)
class Kind:
    """A kind of job: `send` posts one and waits for its end; `worker` runs it."""

    name: str
    worker: str
    count: int
    together: int
    send: Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]


async def no_op(client: httpx2.AsyncClient) -> httpx2.Response:
    return await client.post("/bench/jobs")


async def table(client: httpx2.AsyncClient) -> httpx2.Response:
    form = {"question": "average precipitation by weather"}
    return await client.post("/v1/analyses", data=form, files={"file": ("w.csv", TABLE.read_bytes())}, headers=WAIT)


async def text(client: httpx2.AsyncClient) -> httpx2.Response:
    number = next(_numbers)
    return await client.post("/v1/texts", json={"track_id": f"t{number}", "text": f"{TEXT} {number}"}, headers=WAIT)


async def recording(client: httpx2.AsyncClient) -> httpx2.Response:
    return await client.post("/v1/transcriptions", files={"file": ("s.flac", SPEECH.read_bytes())}, headers=WAIT)


async def chat(client: httpx2.AsyncClient) -> httpx2.Response:
    said = {"user_id": f"person-{next(_numbers)}", "message": "I want to start running", "engine": "local"}
    return await client.post("/v1/chat", json=said, headers=WAIT)


KINDS = (
    Kind("no-op", "no-op", 1000, 20, no_op),
    Kind("analyzer.csv (48 KB table)", "analyzer", 40, 4, table),
    Kind("analyzer.text (170 words)", "analyzer-bulk", 300, 20, text),
    Kind("transcriber.file (5 s of speech)", "transcriber-files", 8, 2, recording),
    Kind("digest.chat, with topic and recommendations", "digest", 60, 4, chat),
)


@contextlib.contextmanager
def worker(made: Suite, name: str) -> Iterator[None]:
    """One of this name, alone: the no-op's takes the analyzer's queue."""
    program, *arguments = WORKERS[name]
    path = sys.executable if program == "-m" else str(Path(sys.executable).parent / program)
    command = (path, program, *arguments) if program == "-m" else (path, *arguments)
    port = free_port()
    own = Suite({**made.environment, "WARREN_METRICS_PORT": str(port)})
    with own.process(*command, ready=f"http://127.0.0.1:{port}/health/ready"):
        yield


def part_of(process: psutil.Process) -> str:
    """The part of the suite that a child of this process is."""
    command = " ".join(process.cmdline())
    if "bench.server" in command:
        return "gateway"
    for name, words in WORKERS.items():
        if " ".join(words) in command:
            return f"worker {name}"
    return SERVERS.get(process.name(), "other")


def spent() -> tuple[dict[str, float], dict[str, int]]:
    """CPU seconds so far, and bytes of memory, by part. Descendants that have ended count for who waited for them."""
    seconds: dict[str, float] = defaultdict(float)
    memory: dict[str, int] = defaultdict(int)
    for child in psutil.Process().children():
        for process in (child, *child.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                part = part_of(child) if part_of(child) != "other" else part_of(process)
                seconds[part] += sum(process.cpu_times()[:4])
                memory[part] += process.memory_info().rss
    return dict(seconds), dict(memory)


async def run(client: httpx2.AsyncClient, kind: Kind, count: int) -> None:
    left = iter(range(count))

    async def sender() -> None:
        for _ in left:
            answer = await kind.send(client)
            if answer.status_code not in {200, 202}:
                raise RuntimeError(f"{kind.name}: {answer.status_code} {answer.text[:200]}")

    await asyncio.gather(*(sender() for _ in range(kind.together)))
    await asyncio.sleep(2)  # what follows a job, and what is written late


async def measure(url: str, kind: Kind) -> None:
    async with httpx2.AsyncClient(base_url=url, timeout=120, trust_env=False) as client:
        await run(client, kind, kind.together)  # the first ones load models and dictionaries
        before, _ = spent()
        await run(client, kind, kind.count)
        after, memory = spent()
    cost = {part: (after[part] - before.get(part, 0.0)) * 1000 / kind.count for part in after}
    parts = ("gateway", f"worker {kind.worker}", "rabbitmq", "postgres")
    figures = "".join(f"{cost[part]:10.1f}" for part in parts)
    print(f"{kind.name:<46}{figures}{memory[f'worker {kind.worker}'] / 1e6:10.0f}", flush=True)


def main() -> None:
    print(f"{'CPU ms a job':<46}{'gateway':>10}{'worker':>10}{'rabbitmq':>10}{'postgres':>10}{'worker MB':>10}")
    with suite() as made, made.gateway() as url:
        for kind in KINDS:
            with worker(made, kind.worker):
                asyncio.run(measure(url, kind))
