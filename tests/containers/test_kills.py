"""Containers that are killed amid the work: every job that was accepted ends once, and well."""

import asyncio

import pytest

from .conftest import TERMINAL, Compose, client, ended, story, submit

JOBS = 12
VICTIMS = [
    ("gateway",),
    ("gateway-worker", "gateway-beat"),
    ("analyzer-worker",),
    ("analyzer-bulk",),
    ("digest-worker", "digest-beat"),
    ("transcriber-streams", "transcriber-files"),
    ("rabbitmq",),
    ("postgres",),
    ("proxy",),
]

pytestmark = pytest.mark.timeout(1200)
numbers = iter(range(100, 100_000, JOBS))


@pytest.mark.parametrize("victims", VICTIMS, ids="+".join)
async def test_no_job_is_lost_or_done_twice(compose: Compose, victims: tuple[str, ...]) -> None:
    first = next(numbers)
    url = compose.url
    async with client(url) as http:
        accepting = [asyncio.create_task(submit(http, first + n)) for n in range(JOBS)]
        await accepting[0]
        await asyncio.to_thread(compose, "kill", "--signal", "SIGKILL", *victims)
        await asyncio.to_thread(compose.up, "--no-deps", *victims)
        jobs = await asyncio.gather(*accepting)
        statuses = await asyncio.gather(*(ended(http, job) for job in jobs))
        stories = [await story(http, job) for job in jobs]
    assert len(set(jobs)) == JOBS
    assert set(statuses) == {"completed"}, dict(zip(jobs, statuses, strict=True))
    assert all(len([event for event in events if event in TERMINAL]) == 1 for events in stories), stories
