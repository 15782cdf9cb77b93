"""Generated texts of some 200 words through RabbitMQ into pgvector, and similar texts found among them.

The reference: the same features and vectors in a bare loop, written with COPY into a table with the same index. Then
single texts, one request each, and searches against an exact comparison with all. `BENCH_TEXTS` (100000),
`BENCH_SINGLES` (2000) and `BENCH_REFERENCE` (4000; 0 leaves it out) change it.
"""

import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import psutil

from bench import lyrics
from bench.harness import Suite, post_many, suite, until
from warren.embedded import free_port

TEXTS = int(os.environ.get("BENCH_TEXTS", "100000"))
SINGLES = int(os.environ.get("BENCH_SINGLES", "2000"))
REFERENCE = int(os.environ.get("BENCH_REFERENCE", "4000"))
QUERIES = 200
NEIGHBOURS = 10


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="warren-bench-") as folder:
        file = Path(folder) / "songs.ndjson"
        lyrics.write(file, TEXTS)
        print(f"{TEXTS} texts, {file.stat().st_size / 1e6:.0f} MB")
        with suite() as servers:
            reference = asyncio.run(bare_loop(servers)) if REFERENCE else None
            with servers.gateway() as url, workers(servers), Watch(servers) as watch:
                asyncio.run(warm_up(url))
                with watch.processor(TEXTS):
                    ours = asyncio.run(load(url, file))
                print(f"  longest queues: {json.dumps(watch.queues)}")
                if reference:
                    print(f"ratio to the bare loop: {ours / reference:.2f}")
                with watch.processor(SINGLES):
                    asyncio.run(single(url))
                asyncio.run(search(servers, url))
                print(watch)


@contextlib.contextmanager
def workers(servers: Suite) -> Iterator[None]:
    """The analyzer's two."""
    with contextlib.ExitStack() as stack:
        for name in ("analyzer", "analyzer-bulk"):
            port = free_port()
            environment = {**servers.environment, "WARREN_METRICS_PORT": str(port)}
            command = str(Path(sys.executable).parent / name)
            ready = f"http://127.0.0.1:{port}/health/ready"
            stack.enter_context(Suite(environment).process(command, "worker", ready=ready))
        yield


async def warm_up(url: str) -> None:
    """Until the first text is stored, and one is found."""
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=120) as client:
        text = {"track_id": "first", "text": "The first text"}
        await client.post("/v1/texts", json=text, headers={"Prefer": "wait=60"})
        await client.get("/v1/texts/search", params={"q": "first"})


async def load(url: str, file: Path) -> float:
    """Texts a second from the first byte of the upload until the last text can be found."""
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=120) as client:
        started = time.perf_counter()

        async def body() -> Any:
            with file.open("rb") as data:
                while chunk := data.read(1 << 20):
                    yield chunk

        headers = {"Content-Type": "application/x-ndjson"}
        job = (await client.post("/v1/texts/batch", content=body(), headers=headers)).json()
        uploaded = time.perf_counter() - started
        done_at: list[tuple[float, float]] = []
        while job["status"] not in {"completed", "failed"}:
            await asyncio.sleep(0.5)
            job = (await client.get(f"/v1/jobs/{job['id']}")).json()
            if job["progress"]:
                done_at.append((time.perf_counter() - started, job["progress"]["percent"] or 0))
        seconds = time.perf_counter() - started
    if job["status"] != "completed" or job["result"]["texts"] != TEXTS:
        raise RuntimeError(f"the batch went wrong: {job}")
    print(f"batch: {TEXTS / seconds:.0f} texts/s, upload {uploaded:.1f} s, all {seconds:.1f} s")
    print(f"  by tenths: {', '.join(f'{rate:.0f}' for rate in tenths(done_at))} texts/s")
    return TEXTS / seconds


def tenths(done_at: list[tuple[float, float]]) -> list[float]:
    """Texts a second in each tenth of the file."""
    rates, before = [], (0.0, 0.0)
    for tenth in range(1, 11):
        now = next((at for at in done_at if at[1] >= tenth * 10 - 2), None)
        if now is not None and now[0] > before[0]:
            rates.append(TEXTS * (now[1] - before[1]) / 100 / (now[0] - before[0]))
            before = now
    return rates


async def bare_loop(servers: Suite) -> float:
    """Texts a second of one process that describes them and copies them into a table of its own."""
    from analyzer.texts import work  # noqa: PLC0415  these load the models
    from analyzer.texts.embeddings import EmbeddingSettings  # noqa: PLC0415
    from analyzer.texts.store.nearest import EF_CONSTRUCTION, M  # noqa: PLC0415

    settings = EmbeddingSettings()
    texts = list(lyrics.songs(REFERENCE, seed=9))
    work.describe(settings, [text for _, text in texts[:10]])
    connection = await asyncpg.connect(servers.database_dsn)
    await connection.set_type_codec("halfvec", schema="public", encoder=bytes, decoder=bytes, format="binary")
    dimensions = work.model(settings).dimensions
    await connection.execute(f"CREATE TABLE bare (track_id text PRIMARY KEY, features jsonb, e halfvec({dimensions}))")
    await connection.execute(
        f"CREATE INDEX ON bare USING hnsw (e halfvec_cosine_ops) WITH (m = {M}, ef_construction = {EF_CONSTRUCTION})"
    )
    started = time.perf_counter()
    for at in range(0, REFERENCE, 400):
        part = texts[at : at + 400]
        found = work.describe(settings, [text for _, text in part])
        rows = [(name, one.features, one.embedding) for (name, _), one in zip(part, found, strict=True)]
        await connection.copy_records_to_table("bare", records=rows)
    rate = REFERENCE / (time.perf_counter() - started)
    await connection.execute("DROP TABLE bare")
    await connection.close()
    print(f"bare loop with COPY, one process: {rate:.0f} texts/s over {REFERENCE} texts")
    return rate


async def single(url: str) -> None:
    """Requests of one text each, until each is stored."""
    bodies = [json.dumps({"track_id": name, "text": text}).encode() for name, text in lyrics.songs(SINGLES, seed=2)]
    load = await post_many(f"{url}/v1/texts", SINGLES, 16, bodies)
    started = time.perf_counter()
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=120) as client:

        async def left() -> bool:
            page = await client.get("/v1/jobs", params={"kind": "analyzer.text", "limit": 100})
            return any(job["status"] != "completed" for job in page.json()["data"])

        await until(lambda: _not(left()))
    seconds = SINGLES / load.rate + time.perf_counter() - started
    print(f"single: {SINGLES / seconds:.0f} texts/s from request to stored; accepted: {load}")


async def _not(true: Awaitable[bool]) -> bool:
    return not await true


async def search(servers: Suite, url: str) -> None:
    """How fast similar texts are found over HTTP, and how many of the truly nearest are among them."""
    connection = await asyncpg.connect(servers.database_dsn)
    names = [f"song-1-{n}" for n in random.Random(3).sample(range(TEXTS), min(QUERIES, TEXTS))]
    exact = (
        "SELECT track_id FROM analyzer.vectors WHERE track_id <> $1"
        " ORDER BY embedding <=> (SELECT embedding FROM analyzer.vectors WHERE track_id = $1)"
        f" LIMIT {NEIGHBOURS}"
    )
    asked = Asked(*await asyncio.open_connection(*url.removeprefix("http://").split(":")))
    for name in names[:20]:
        await asked.get(f"/v1/texts/{name}/similar")  # until all is in memory
    lookups = [(await asked.get(f"/v1/texts/{name}"))[0] for name in names]
    found = [await asked.get(f"/v1/texts/{name}/similar?limit={NEIGHBOURS}") for name in names]
    hits = wanted = 0
    for name, (_, near) in list(zip(names, found, strict=True))[::2]:
        nearest = {row["track_id"] for row in await connection.fetch(exact, name)}
        hits += len(nearest & {one["track_id"] for one in near["data"]})
        wanted += len(nearest)
    print(f"look at a text: {_percentiles(lookups)}")
    print(f"similar: {_percentiles([seconds for seconds, _ in found])}, recall@{NEIGHBOURS} {hits / wanted:.3f}")
    await connection.close()


@dataclass
class Asked:
    """One connection, without a client that would take longer than the search."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def get(self, path: str) -> tuple[float, Any]:
        """Seconds, and the answer."""
        started = time.perf_counter()
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        body = await self.reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        return time.perf_counter() - started, json.loads(body)


def _percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"p50 {statistics.median(ordered) * 1000:.1f} ms, p99 {ordered[len(ordered) * 99 // 100] * 1000:.1f} ms"


@dataclass
class Watch:
    """The largest memory of each process, in MB, and the longest queues."""

    servers: Suite
    memory: dict[str, float] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Watch":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        assert self._thread is not None
        self._thread.join()

    @contextlib.contextmanager
    def processor(self, texts: int) -> Iterator[None]:
        """Prints what each process takes of the processor."""
        before = _seconds()
        yield
        took = {name: (now - before.get(name, 0.0)) * 1000 / texts for name, now in _seconds().items()}
        print(f"  processor: {', '.join(f'{name} {ms:.2f} ms' for name, ms in sorted(took.items()))} a text")

    def _look(self) -> None:
        """How long the queues are."""
        with httpx2.Client(base_url=self.servers.management_url, trust_env=False) as client:
            for queue in client.get("queues").json():
                if queue["name"] in {"analyzer", "analyzer-bulk", "analyzer-batches"}:
                    before = self.queues.get(queue["name"], 0)
                    self.queues[queue["name"]] = max(before, queue.get("messages", 0))

    def _run(self) -> None:
        while not self._over.wait(3.0):
            self._look()
            sums: dict[str, float] = {}
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    name = _name(process)
                    memory = process.memory_info()
                    # Each process of PostgreSQL counts the buffers that all share as its own.
                    own = memory.rss - memory.shared if name == "postgres" else memory.rss
                    sums[name] = sums.get(name, 0.0) + own / 1e6
            for name, size in sums.items():
                self.memory[name] = max(self.memory.get(name, 0), size)

    def __str__(self) -> str:
        memory = ", ".join(f"{name} {size:.0f} MB" for name, size in sorted(self.memory.items()))
        return f"largest memory: {memory}"


def _seconds() -> dict[str, float]:
    """Of the processor so far, by name of the process."""
    sums: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times, name = process.cpu_times(), _name(process)
            sums[name] = sums.get(name, 0.0) + times.user + times.system
    return sums


def _name(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    names = {
        "cruncher": "children",
        "analyzer-bulk": "analyzer-bulk",
        "/analyzer": "analyzer",
        "bench.server": "gateway",
    }
    found = next((name for part, name in names.items() if part in command), None)
    return found or ("postgres" if "postgres" in command else "rabbitmq")
