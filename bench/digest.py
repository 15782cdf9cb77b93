"""100 posts to a digest with a model that takes 1.6 s an answer, 16 calls under way at a time.

The references: the time that so many calls must take when always 16 are under way, and a run that asks one after the
other. Then a sweep over fixed batch sizes and over workers that share the 16 calls. Workers have built a digest of one
post before, as they load what they need but once. `BENCH_POSTS_COUNT` (100), `BENCH_ANSWER_SECONDS` (1.6) and
`BENCH_SWEEP` (1; 0 leaves it out) change it.
"""

import asyncio
import contextlib
import json
import math
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from bench.harness import Suite, suite, until
from warren import jobs
from warren.broker import Broker
from warren.contracts.digest import BuildDigest
from warren.contracts.digest_queries import AddPosts, CreateBot, CreateChannel
from warren.contracts.digest_records import AddedPosts, Bot, BotSpec, Category, Channel, ChannelSpec, NewPost
from warren.embedded import free_port
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.queries import QueryClient
from warren.testing.scripted_llm import RecordedRequest, ScriptedLlm, Step

POSTS = int(os.environ.get("BENCH_POSTS_COUNT", "100"))
SECONDS = float(os.environ.get("BENCH_ANSWER_SECONDS", "1.6"))
CALLS = 16
OWNER = "bench"


class Model(ScriptedLlm):
    """Answers rightly about every post, after `SECONDS`; counts the calls under way."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._under_way = 0
        self._lock = threading.Lock()

    def take(self, request: RecordedRequest) -> Step:
        with self._lock:
            self.requests.append(request)
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        self.closing.wait(SECONDS)
        with self._lock:
            self._under_way -= 1
        posts = json.loads(request.body["messages"][1]["content"])["posts"]
        answers = [{"id": p["id"], "category": "News", "sentences": [f"About {p['title']}."]} for p in posts]
        return Step(reply=json.dumps({"answers": answers}))


@dataclass(frozen=True)
class Run:
    """One build, as it was measured."""

    seconds: float
    calls: int
    most: int
    first: float
    """Seconds until the first call."""
    report: dict[str, Any]

    @property
    def limit(self) -> float:
        """Seconds for its calls if always as many as allowed are under way."""
        return math.ceil(self.calls / CALLS) * SECONDS


def main() -> None:
    # With a gateway, as workers that start ask it what became of their jobs.
    with suite() as servers, servers.gateway(), Model() as model:
        ours = asyncio.run(measure(servers, model, workers=1))
        print(f"adaptive, 1 worker:  {describe(ours)}")
        one = asyncio.run(measure(servers, model, workers=1, calls=1))
        print(f"one after the other: {describe(one)}")
        print(f"ratio to one after the other: {one.seconds / ours.seconds:.1f}")
        print(f"ratio to the limit of {CALLS} calls: {ours.seconds / ours.limit:.2f} ({ours.limit:.1f} s)")
        if os.environ.get("BENCH_SWEEP", "1") == "0":
            return
        for workers in (1, 2, 4):
            for size in (1, 3, 5, 10):
                run = asyncio.run(measure(servers, model, workers=workers, size=size))
                print(f"{workers} workers, batches of {size:2}: {describe(run)}")


def describe(run: Run) -> str:
    done = f"{run.report['digested'] + run.report['dropped']} of {run.report['posts']} posts"
    return (
        f"{run.seconds:6.1f} s, {run.calls:3} calls, {run.most:2} at a time, limit {run.limit:5.1f} s, "
        f"first call after {run.first:.1f} s, {done}"
    )


async def measure(servers: Suite, model: Model, *, workers: int, calls: int = CALLS, size: int = 0) -> Run:
    """One build of fresh posts by fresh workers. `size` 0 lets batches adapt."""
    sizes = {"WARREN_FIRST_BATCH_SIZE": str(size), "WARREN_LARGEST_BATCH_SIZE": str(size)} if size else {}
    settings = {
        "WARREN_LLM_API_KEY": "bench",
        "WARREN_LLM_BASE_URL": model.base_url,
        "WARREN_LLM_MODEL": "scripted",
        "WARREN_PARALLEL_CALLS": str(max(1, calls // workers)),
        **sizes,
    }
    with contextlib.ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(worker(servers, settings))
        return await build(servers, model)


@contextlib.contextmanager
def worker(servers: Suite, settings: dict[str, str]) -> Iterator[None]:
    port = free_port()
    environment = {**servers.environment, **settings, "WARREN_METRICS_PORT": str(port)}
    command = str(Path(sys.executable).parent / "digest")
    with Suite(environment).process(command, "worker", ready=f"http://127.0.0.1:{port}/health/ready"):
        yield


async def build(servers: Suite, model: Model) -> Run:
    async with Broker(servers.environment["WARREN_BROKER_URL"], "bench") as broker:
        await broker.ready()
        queries = QueryClient(broker)
        queries.start()
        await asyncio.sleep(0.5)  # until replies are listened for
        ask = partial(queries.ask, timeout=30)
        connection = await asyncpg.connect(servers.database_dsn)

        async def run(count: int) -> tuple[float, dict[str, Any]]:
            """When the build of so many posts began, and its report."""
            channel = await ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="news")), Channel)
            posts = tuple(NewPost(title=f"{new_id('a')}", text=f"{new_id('b')} {new_id('c')}") for _ in range(count))
            await ask(AddPosts(owner=OWNER, channel_id=channel.id, posts=posts), AddedPosts)
            spec = BotSpec(name="bench", channels=(channel.id,), categories=(Category(name="News"),))
            bot = await ask(CreateBot(owner=OWNER, spec=spec), Bot)
            model.requests.clear()
            model.most = 0
            job, started = new_id("job"), time.monotonic()
            await jobs.publish(broker, JobMessage.of(job, BuildDigest(owner=OWNER, bot_id=bot.id)))

            async def over() -> bool:
                return bool(await connection.fetchval("SELECT count(ended_at) FROM digest.builds WHERE id = $1", job))

            await until(over, 600)
            report = json.loads(await connection.fetchval("SELECT report FROM digest.builds WHERE id = $1", job))
            return started, report

        await run(1)  # workers load what they need once, when they start
        started, report = await run(POSTS)
        seconds = time.monotonic() - started
        await connection.close()
        return Run(seconds, len(model.requests), model.most, model.requests[0].at - started, report)
