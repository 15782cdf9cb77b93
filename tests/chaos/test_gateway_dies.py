"""SIGKILL for the gateway at the worst moments: nothing accepted is lost, nothing is written twice."""

import asyncio

from warren.testing.processes import until
from warren.testing.proxy import Network, Proxy

from .suite import SECONDS, Suite


async def test_a_job_that_was_committed_but_not_published_is_sent_by_the_next_gateway(suite: Suite) -> None:
    await suite.worker()
    async with Proxy(suite.rabbitmq.port) as proxy:
        gateway = await suite.gateway(WARREN_BROKER_URL=proxy.url(suite.broker_url))
        await gateway.logged("broker_connected")
        # From now on its publishes arrive nowhere; the row is committed before the answer.
        with proxy.broken(Network.one_way):
            jobs = [await suite.post(("progress one",)) for _ in range(3)]
            gateway.kill()
    assert [suite.journal.runs(job) for job in jobs] == [[], [], []]
    await suite.gateway()
    async with suite.watching(*jobs):
        pass
    await suite.check_ended(jobs)
    assert [suite.journal.runs(job) for job in jobs] == [[1], [1], [1]]


async def test_a_gateway_killed_while_it_records_leaves_the_rest_to_another(suite: Suite) -> None:
    """A lock on the job's row holds the recorder in the middle of its transaction."""
    await suite.worker()
    first = await suite.gateway()
    job = await suite.post(("progress one", "sleep 1", "progress two"))
    async with suite.watching(job) as (watcher,), suite.database() as database:
        await suite.heard(watcher, "progress")
        async with database.transaction():
            await database.execute("SELECT FROM gateway.jobs WHERE id = $1 FOR UPDATE", job)
            await until(lambda: (1, "end") in suite.journal.of(job), SECONDS, "the job's end")

            async def recorder_waits() -> bool:
                waiting = await database.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
                return bool(waiting)

            async with asyncio.timeout(SECONDS):
                while not await recorder_waits():  # noqa: ASYNC110  PostgreSQL tells nobody
                    await asyncio.sleep(0.02)
            first.kill()
        await suite.gateway()
    await suite.check_ended([job])
    assert suite.journal.runs(job) == [1]
    assert watcher.reconnects > 0


async def test_events_that_were_committed_but_not_acknowledged_change_nothing_when_they_come_again(
    suite: Suite,
) -> None:
    await suite.worker()
    async with Proxy(suite.rabbitmq.port) as proxy:
        first = await suite.gateway(WARREN_BROKER_URL=proxy.url(suite.broker_url))
        jobs = [await suite.post(("progress one", "sleep 1", "progress two")) for _ in range(3)]
        async with suite.watching(*jobs) as watchers:
            for watcher in watchers:
                await suite.heard(watcher, "progress")
            with proxy.broken(Network.one_way):
                for watcher in watchers:
                    await suite.heard(watcher, "completed")
                first.kill()
                second = await suite.gateway()
        await suite.check_ended(jobs)

        def duplicates() -> float:
            lines = second.fetch("/metrics")[1].splitlines()
            return sum(float(line.split()[1]) for line in lines if line.startswith("warren_events_duplicate_total "))

        await until(lambda: duplicates() >= len(jobs), SECONDS, "the events to come again")
    await suite.check_ended(jobs)


async def test_a_second_replica_takes_over_within_seconds(suite: Suite) -> None:
    await suite.worker()
    first = await suite.gateway()
    await first.logged("broker_connected")
    second = await suite.gateway()
    jobs = [await suite.post((f"sleep {0.05 * number}", "progress one", "sleep 0.3")) for number in range(20)]
    async with suite.watching(*jobs) as watchers:
        await suite.heard(watchers[0], "completed")
        first.kill()
    await suite.check_ended(jobs)
    assert all(suite.journal.runs(job) == [1] for job in jobs)
    assert all(watcher.reconnects == 0 for watcher in watchers), "they watched the other replica"
    assert second.running
