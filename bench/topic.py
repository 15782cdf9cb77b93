"""A chat message: time to its reply, and to its topic, against a job that does nothing on the same path.

The local engine, a pause between messages, each from another person; then the same with a model that takes 1.6 s to
name a topic, which the reply must not notice.
"""

import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx2

from bench.harness import Suite, suite, until
from warren.embedded import free_port
from warren.testing.scripted_llm import ScriptedLlm, Step

MESSAGES = 60
PAUSE_SECONDS = 0.05
TOPIC_SECONDS = 1.6
POLL_SECONDS = 0.005
SAID = ("I want to start running", "How do telescopes work?", "Расскажи про историю Рима", "Any tips for baking bread?")

MEDIAN = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - created_at))
FROM gateway.jobs WHERE kind = $1
"""
UNFINISHED = "SELECT count(*) FROM gateway.jobs WHERE completed_at IS NULL"
_people = itertools.count(1)


@contextmanager
def worker(made: Suite, **environment: str) -> Iterator[None]:
    """A worker of the digest service."""
    port = str(free_port())
    program = str(Path(sys.executable).parent / "digest")
    with Suite({**made.environment, "WARREN_METRICS_PORT": port, **environment}).process(
        program, "worker", ready=f"http://127.0.0.1:{port}/health/ready"
    ):
        yield


async def say(client: httpx2.AsyncClient, message: str, user: str) -> float:
    """Seconds from the POST until the reply is here."""
    body = {"user_id": user, "message": message, "engine": "local"}
    started = time.perf_counter()
    answer = await client.post("/v1/chat", json=body, headers={"Prefer": "wait=30"})
    replied = time.perf_counter() - started
    if answer.status_code != 200 or not answer.json()["result"]["reply"]:
        raise RuntimeError(f"no reply: {answer.status_code} {answer.text}")
    return replied


async def topic_of(client: httpx2.AsyncClient, user: str) -> None:
    """Wait until the person has a topic."""
    while not (await client.get(f"/v1/users/{user}/topic")).raise_for_status().json()["topic"]:
        await asyncio.sleep(POLL_SECONDS)


async def round_of(client: httpx2.AsyncClient, messages: int) -> list[tuple[float, float]]:
    """Seconds to each reply, and to each topic, one message after the other."""
    measured = []
    for said in itertools.islice(itertools.cycle(SAID), messages):
        user = f"person-{next(_people)}"
        started = time.perf_counter()
        replied = await say(client, said, user)
        await topic_of(client, user)
        measured.append((replied, time.perf_counter() - started))
        await asyncio.sleep(PAUSE_SECONDS)
    return measured


def described(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"p50 {statistics.median(ordered) * 1e3:7.1f} ms   p95 {ordered[int(len(ordered) * 0.95)] * 1e3:7.1f} ms"


async def median_of(dsn: str, kind: str) -> float:
    """Seconds from the POST of a job to its recorded end, once all have ended."""
    database = await asyncpg.connect(dsn)

    async def finished() -> bool:
        return not await database.fetchval(UNFINISHED)

    await until(finished)
    seconds = float(await database.fetchval(MEDIAN, kind))
    await database.close()
    return seconds


async def local(url: str, dsn: str) -> float:
    """Prints the figures of the local engine; returns the median time to a reply."""
    async with httpx2.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        await round_of(client, len(SAID))  # the first ones load dictionaries
        for _ in range(MESSAGES):
            (await client.post("/bench/jobs")).raise_for_status()
            await asyncio.sleep(PAUSE_SECONDS)
        nothing = await median_of(dsn, "bench.noop")
        measured = await round_of(client, MESSAGES)
    replies, topics = [replied for replied, _ in measured], [known for _, known in measured]
    chat = await median_of(dsn, "digest.chat")
    print(f"no-op job   p50 {nothing * 1e3:7.1f} ms\nchat job    p50 {chat * 1e3:7.1f} ms, in the database")
    print(f"reply       {described(replies)}, at the client\ntopic       {described(topics)} (wanted: p50 within 1000)")
    print(f"chat job to no-op job, ratio: {chat / nothing:.2f}")
    return statistics.median(replies)


async def behind_a_slow_model(url: str, before: float) -> None:
    """Messages do not wait for the topics of those before them."""
    async with httpx2.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        await say(client, SAID[0], "warm-up")
        await topic_of(client, "warm-up")
        replies = []
        for said in itertools.islice(itertools.cycle(SAID), MESSAGES):
            user = f"person-{next(_people)}"
            replies.append(await say(client, said, user))
            await asyncio.sleep(PAUSE_SECONDS)
        started = time.perf_counter()
        await topic_of(client, user)
    print(f"with topics that take {TOPIC_SECONDS:g} s\nreply       {described(replies)}")
    print(f"topic of the last one {time.perf_counter() - started:.1f} s after its reply")
    print(f"reply behind slow topics to reply before a fast one, ratio: {statistics.median(replies) / before:.2f}")


def main() -> None:
    with suite() as made, made.gateway() as url:
        with made.worker(), worker(made):
            before = asyncio.run(local(url, made.database_dsn))
        step = Step(reply='["a topic"]', delay=TOPIC_SECONDS, times=None)
        with ScriptedLlm([step]) as llm, worker(
            made, WARREN_LLM_API_KEY="bench", WARREN_LLM_BASE_URL=llm.base_url, WARREN_LLM_CACHE_SECONDS="0"
        ):  # fmt: skip
            asyncio.run(behind_a_slow_model(url, before))


if __name__ == "__main__":
    main()
