"""The outbox: what RabbitMQ refuses or a dying gateway leaves behind is sent later, and nothing accepted is lost."""

import asyncio
from typing import Any

import sqlalchemy as sa
from yarl import URL

from gateway.models import jobs
from gateway.relay import GRACE_SECONDS, Relay
from gateway.store import jobs as store
from warren import topology
from warren.database import Database
from warren.embedded import EmbeddedRabbitMQ, free_port
from warren.errors import BrokerUnavailable
from warren.jobs import JobMessage
from warren.testing.proxy import Proxy

from .conftest import StartGateway
from .support import SECONDS, RunningGateway, until


class Postman:
    """What the relay sends with: takes jobs, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.sent: list[JobMessage] = []

    async def send(self, job: JobMessage) -> None:
        if self.away:
            raise BrokerUnavailable("away")
        if job.kind == "broken":
            raise KeyError(job.kind)
        self.sent.append(job)


async def insert(gateway: RunningGateway, count: int = 1, seconds_ago: float = 60, **values: Any) -> list[str]:
    """Jobs that were committed and never sent, as a gateway leaves them that died in between."""
    asked = await gateway.http.ask()
    [row] = await gateway.rows(sa.select(jobs).where(jobs.c.id == asked["id"]))
    await gateway.rows(sa.delete(jobs).where(jobs.c.id == asked["id"]))
    created = sa.func.now() - sa.text(f"interval '{seconds_ago} seconds'")
    ids = [f"{asked['id']}{n}" for n in range(count)]
    for job_id in ids:
        await gateway.rows(
            sa.insert(jobs).values({**row._mapping, "id": job_id, "created_at": created, "sent_at": None, **values})
        )
    return ids


async def unsent(gateway: RunningGateway) -> set[str]:
    return {row.id for row in await gateway.rows(sa.select(jobs.c.id).where(jobs.c.sent_at.is_(None)))}


async def sweep(database: Database, postman: Postman) -> None:
    await Relay(database, postman.send, sweep_seconds=60).send_left_behind()


async def test_a_job_is_sent_at_once_and_marked(gateway: RunningGateway) -> None:
    await gateway.http.ask()

    async def all_sent() -> bool:
        return not await unsent(gateway)

    await until(all_sent)


async def test_what_was_left_behind_is_sent_once_and_in_order(gateway: RunningGateway) -> None:
    ids = await insert(gateway, 3)
    postman = Postman()
    await sweep(gateway.parts.database, postman)
    await sweep(gateway.parts.database, postman)

    assert sorted(job.job_id for job in postman.sent) == ids
    assert all(job.resent and job.run == 1 for job in postman.sent)
    assert await unsent(gateway) == set()


async def test_more_than_a_batch_is_sent_in_one_sweep(gateway: RunningGateway) -> None:
    ids = await insert(gateway)
    [row] = await gateway.rows(sa.select(jobs).where(jobs.c.id == ids[0]))
    rows = [{**row._mapping, "id": f"{ids[0]}-{n:03}"} for n in range(450)]
    async with gateway.parts.database.transaction() as connection:
        await connection.execute(sa.insert(jobs), rows)
    postman = Postman()
    await sweep(gateway.parts.database, postman)

    assert len({job.job_id for job in postman.sent}) == 451
    assert await unsent(gateway) == set()


async def test_what_is_on_its_way_is_left_alone(gateway: RunningGateway) -> None:
    ids = await insert(gateway, seconds_ago=GRACE_SECONDS / 2)
    postman = Postman()
    await sweep(gateway.parts.database, postman)

    assert postman.sent == []
    assert await unsent(gateway) == set(ids)


async def test_cancelled_jobs_are_never_sent(gateway: RunningGateway) -> None:
    [job_id] = await insert(gateway)
    await gateway.http.post(f"/v1/jobs/{job_id}/cancel")
    postman = Postman()
    await sweep(gateway.parts.database, postman)

    assert postman.sent == []


async def test_what_rabbitmq_refuses_is_sent_when_it_is_back(gateway: RunningGateway) -> None:
    ids = await insert(gateway, 2)
    postman = Postman()
    postman.away = True
    await sweep(gateway.parts.database, postman)
    assert await unsent(gateway) == set(ids)

    postman.away = False
    await sweep(gateway.parts.database, postman)
    assert await unsent(gateway) == set()


async def test_one_job_that_cannot_be_sent_does_not_hold_up_the_others(gateway: RunningGateway) -> None:
    [broken] = await insert(gateway, kind="broken")
    good = await insert(gateway, 2)
    postman = Postman()
    await sweep(gateway.parts.database, postman)

    assert {job.job_id for job in postman.sent} == set(good)
    assert await unsent(gateway) == {broken}


async def test_two_sweeps_at_a_time_send_each_job_once(gateway: RunningGateway) -> None:
    ids = await insert(gateway, 20)
    postman = Postman()
    await asyncio.gather(*(sweep(gateway.parts.database, postman) for _ in range(3)))

    assert sorted(job.job_id for job in postman.sent) == sorted(ids)


async def test_an_offered_job_that_is_refused_is_left_for_the_sweep(gateway: RunningGateway) -> None:
    [job_id] = await insert(gateway, seconds_ago=0)
    postman = Postman()
    postman.away = True
    relay = Relay(gateway.parts.database, postman.send, sweep_seconds=60)
    running = asyncio.create_task(relay.run())
    async with gateway.parts.database.transaction() as connection:
        [message] = await store.unsent(connection, -1, 10)
    relay.offer(message)
    relay.offer(message.model_copy(update={"kind": "broken"}))
    await asyncio.sleep(0)
    postman.away = False
    relay.offer(message)
    await until(lambda: len(postman.sent) > 0)
    running.cancel()

    assert await unsent(gateway) == {job_id}


async def test_jobs_are_accepted_while_rabbitmq_is_away_and_run_when_it_is_back(
    start_gateway: StartGateway, vhost: str, rabbitmq: EmbeddedRabbitMQ
) -> None:
    topology.declare(vhost)
    port = free_port()
    url = str(URL(vhost).with_port(port))
    async with start_gateway(broker_url=url, unsent_sweep_seconds=0.2) as gateway:
        job = await gateway.http.ask()
        stream = asyncio.create_task(gateway.http.get(job["urls"]["events"], timeout=60))
        health = await gateway.http.get("/health")
        queued = await gateway.http.post_question("how many?", headers={"Prefer": "wait=1"})

        assert health.status_code == 503
        assert health.json()["services"]["rabbitmq"] == "unavailable"
        assert (await gateway.http.get("/health/ready")).status_code == 200
        assert queued.json()["status"] == "queued"
        assert (await gateway.http.post(queued.json()["urls"]["cancel"])).json()["status"] == "cancelled"

        async with Proxy(rabbitmq.port, port):
            async with asyncio.timeout(30):
                await gateway.parts.broker.ready()
            arrived: asyncio.Queue[str] = asyncio.Queue()

            async def take(message: Any) -> None:
                await message.ack()
                arrived.put_nowait(message.message_id)

            async def listen(channel: Any) -> None:
                await (await channel.get_queue("analyzer", ensure=False)).consume(take)

            gateway.parts.broker.consume(listen)
            async with asyncio.timeout(SECONDS + GRACE_SECONDS):
                assert await arrived.get() == job["id"]
            await gateway.run(job["id"]).finish()
            assert "event: completed" in (await stream).text
