"""RabbitMQ goes away, comes back, or cannot be reached although nothing says so."""

import asyncio
import time

from warren.testing.processes import until
from warren.testing.proxy import Proxy

from .suite import SECONDS, Suite

OUTAGE_SECONDS = 20.0
JOBS = 50


async def test_fifty_jobs_are_posted_and_watched_while_rabbitmq_is_away(suite: Suite) -> None:
    gateway, worker = await asyncio.gather(suite.gateway(), suite.worker())
    await gateway.logged("broker_connected")
    before = [await suite.post(("progress one", "sleep 2", "progress two")) for _ in range(JOBS // 5)]
    async with suite.watching(*before) as early:
        await suite.heard(early[0], "progress")
        await asyncio.to_thread(suite.rabbitmq.stop)
        stopped = time.monotonic()
        during = [await suite.post(("progress one", "progress two")) for _ in range(JOBS - len(before))]
        async with suite.watching(*during) as late:
            for watcher in late:
                await suite.heard(watcher, "queued")
            await until(lambda: worker.health("ready") == 503, SECONDS, "the worker to notice")
            assert gateway.health("ready") == 200, "jobs are accepted without RabbitMQ"
            assert (gateway.health("live"), worker.health("live")) == (200, 200)
            await asyncio.sleep(max(0.0, stopped + OUTAGE_SECONDS - time.monotonic()))
            await asyncio.to_thread(suite.rabbitmq.start)
            back = time.monotonic()
    assert time.monotonic() - back < 30
    await suite.check_ended(before + during)
    assert all(watcher.reconnects == 0 for watcher in early + late), "clients noticed nothing"
    assert all(suite.journal.runs(job) == [1] for job in during)


async def test_a_long_job_is_run_again_when_rabbitmq_restarts_and_completes_once(suite: Suite) -> None:
    await asyncio.gather(suite.gateway(), suite.worker())
    job = await suite.post(("progress one", "sleep 15", "progress two"))
    async with suite.watching(job) as (watcher,):
        await suite.heard(watcher, "progress")
        await asyncio.to_thread(suite.rabbitmq.stop)
        await asyncio.to_thread(suite.rabbitmq.start)
    await suite.check_ended([job])
    assert [step for _, step in suite.journal.of(job)].count("end") == 1, "only one of the two runs came to its end"
    assert suite.journal.runs(job) == [1, 2]
    assert watcher.reconnects == 0


async def test_everything_recovers_from_a_network_that_swallows_packets(suite: Suite) -> None:
    """Half-open connections: nobody says that they are dead, and RabbitMQ still believes in them."""
    async with Proxy(suite.rabbitmq.port) as proxy:
        url = proxy.url(suite.broker_url)
        gateway, worker = await asyncio.gather(
            suite.gateway(WARREN_BROKER_URL=url), suite.worker(WARREN_BROKER_URL=url)
        )
        await gateway.logged("broker_connected")
        running = await suite.post(("progress one", "sleep 600"), ("progress again",))
        async with suite.watching(running) as (first,):
            await suite.heard(first, "progress")
            with proxy.broken():
                # Packets get through again after a second, but not those of the connections there were.
                lost = time.monotonic()
                posted = [await suite.post(("progress one",)) for _ in range(3)]
            async with suite.watching(*posted):
                pass
            recovered = time.monotonic() - lost
        await suite.check_ended([running, *posted])
        assert recovered < 60
        await worker.ready(SECONDS)
