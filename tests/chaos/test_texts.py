"""Every text of a file is stored exactly once, whatever dies meanwhile. `CHAOS_TEXTS` says how many (1000)."""

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator

import pytest

from warren.testing.processes import Program

from .suite import SECONDS, Suite

TEXTS = int(os.environ.get("CHAOS_TEXTS", "1000"))
WORDS = ("sea", "storm", "harbour", "sailor", "snow", "winter", "mountain", "city", "street", "night", "light")


def line(n: int) -> bytes:
    """Some 200 words, no two texts the same."""
    words = itertools.cycle(WORDS[n % 11 :] + WORDS[: n % 7 + 1])
    text = f"song number {n}\n" + "\n".join(" ".join(itertools.islice(words, 6)) for _ in range(32))
    return json.dumps({"track_id": f"song-{n}", "text": text}).encode() + b"\n"


async def lines() -> AsyncIterator[bytes]:
    for n in range(TEXTS):
        yield line(n)
    # One id of each hundred comes again at the end, with other words.
    for n in range(0, TEXTS, 100):
        yield json.dumps({"track_id": f"song-{n}", "text": f"the last words of song {n}"}).encode() + b"\n"


async def stored(suite: Suite) -> int:
    async with suite.database() as database:
        return int(await database.fetchval("SELECT count(*) FROM analyzer.texts"))


async def reached(suite: Suite, share: float) -> None:
    """Wait until this share of the texts is stored."""
    async with asyncio.timeout(2 * SECONDS + TEXTS / 50):
        while await stored(suite) < share * TEXTS:  # noqa: ASYNC110  PostgreSQL cannot tell
            await asyncio.sleep(0.02)


async def ended(suite: Suite, job_id: str) -> None:
    async with asyncio.timeout(4 * SECONDS + TEXTS / 20):
        while not (await suite.job(job_id))["completed_at"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.timeout(300 + TEXTS / 10)
async def test_every_text_is_stored_once_when_workers_die_three_times(suite: Suite) -> None:
    async def worker(*, ready: bool = True) -> Program:
        small = {"WARREN_TEXT_PROCESSES": "1", "WARREN_CHUNK_BYTES": str(40_000)}
        return await suite.programs.service("analyzer-bulk", "worker", ready=ready, **small)

    first, second, third, _ = await asyncio.gather(worker(), worker(), worker(), suite.gateway())
    headers = {"Content-Type": "application/x-ndjson"}
    async with suite.client() as client:
        accepted = await client.post("/v1/texts/batch", content=lines(), headers=headers)
    job_id = accepted.json()["id"]
    for share, dying in ((0.1, first), (0.4, second), (0.7, third)):
        await reached(suite, share)
        if dying is third:
            await worker(ready=False)
        dying.kill()
    await ended(suite, job_id)
    await suite.check_ended([job_id])

    result = (await suite.job(job_id))["result"]
    again = len(range(0, TEXTS, 100))
    assert await stored(suite) == TEXTS
    assert (result["texts"], result["failed"], result["duplicates"]) == (TEXTS + again, 0, again)
    assert result["stored"] + result["unchanged"] == TEXTS
    async with suite.database() as database:
        last_words = await database.fetchval("SELECT count(*) FROM analyzer.texts WHERE excerpt LIKE 'the last words%'")
        left = await database.fetchval(
            "SELECT (SELECT count(*) FROM analyzer.claims) + (SELECT count(*) FROM analyzer.chunks)"
        )
    assert (last_words, left) == (again, 0)
