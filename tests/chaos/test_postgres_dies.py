"""PostgreSQL restarts under load: what was accepted is finished, and what was not is refused in order."""

import asyncio
import time

from warren.testing.processes import until

from .suite import SECONDS, Suite

CLIENTS = 4


class Load:
    """Clients that post one script after another until told to stop."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self.accepted: list[str] = []
        self.statuses: list[int] = []
        self.stop = False

    async def accepts_again(self) -> float:
        """Seconds until ten more are accepted."""
        started, wanted = time.monotonic(), len(self.accepted) + 10
        await until(lambda: len(self.accepted) >= wanted, SECONDS, "jobs to be accepted again")
        return time.monotonic() - started

    async def post(self) -> None:
        async with self._suite.client() as client:
            while not self.stop:
                answer = await client.post("/test/scripts", json={"runs": [["progress one", "sleep 0.05"]]})
                self.statuses.append(answer.status_code)
                if answer.status_code == 202:
                    self.accepted.append(answer.json()["id"])
                else:
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert "retry-after" in answer.headers
                    await asyncio.sleep(0.1)


async def test_postgresql_restarts_under_load(suite: Suite) -> None:
    gateway, worker = await asyncio.gather(suite.gateway(), suite.worker())
    load = Load(suite)
    watched = await suite.post(
        ("progress one", "sleep 3", "progress two"),
    )
    async with suite.watching(watched) as (watcher,), asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(load.post())
        await until(lambda: len(load.accepted) >= 10, SECONDS, "the load")
        for end in (suite.postgres.stop, suite.postgres.kill):
            await asyncio.to_thread(end)
            await until(lambda: gateway.health("ready") == 503, SECONDS, "the gateway to notice")
            assert (gateway.health("live"), worker.health("ready")) == (200, 200)
            await asyncio.to_thread(suite.postgres.start)
            assert await load.accepts_again() < 15
        load.stop = True
    assert set(load.statuses) == {202, 503}

    async def open_jobs() -> int:
        async with suite.database() as database:
            count: int = await database.fetchval("SELECT count(*) FROM gateway.jobs WHERE completed_at IS NULL")
        return count

    async with asyncio.timeout(SECONDS):
        while await open_jobs():  # noqa: ASYNC110  PostgreSQL tells nobody
            await asyncio.sleep(0.1)
    await suite.check_ended([watched, *load.accepted])
    assert all(suite.journal.runs(job) == [1] for job in load.accepted)
    assert watcher.reconnects == 0


async def test_a_gateway_that_starts_before_its_servers_waits_for_them(suite: Suite) -> None:
    worker = await suite.worker()
    await asyncio.gather(asyncio.to_thread(suite.postgres.stop), asyncio.to_thread(suite.rabbitmq.stop))
    gateway = await suite.gateway(ready=False)
    await until(lambda: gateway.health("live") == 200, SECONDS, "the gateway to live")
    assert gateway.health("ready") == 503
    async with suite.client() as client:
        answers = [
            await client.post("/test/scripts", json={"runs": [["progress one"]]}),
            await client.get("/v1/jobs"),
            await client.get("/v1/jobs/job_1"),
            await client.post("/v1/jobs/job_1/cancel"),
            await client.post("/v1/sessions"),
        ]
    assert [answer.status_code for answer in answers] == [503] * len(answers)
    await asyncio.to_thread(suite.postgres.start)
    await gateway.ready(SECONDS)
    job = await suite.post(("progress one",))
    async with suite.watching(job):
        await asyncio.to_thread(suite.rabbitmq.start)
    await suite.check_ended([job])
    await worker.ready(SECONDS)
