"""Publishing: confirmed, or failed."""

import asyncio
import time

import pytest
from kombu.utils.json import loads

from warren import control, jobs, topology
from warren.broker import Broker
from warren.errors import BrokerUnavailable
from warren.ids import new_id
from warren.jobs import JobMessage

from .parties import SECONDS, Chore, taken


async def test_a_confirmed_message_is_in_its_queue(broker: Broker) -> None:
    job = JobMessage.of(new_id("job"), Chore(what="sweep"), trace={"traceparent": "00-1-2-01"})
    await jobs.publish(broker, job)
    message = await taken(broker, job.job_id).next()
    _, keywords, _ = loads(message.body)

    assert message.headers["task"] == "gateway.chore"
    assert message.headers["traceparent"] == "00-1-2-01"
    assert (message.message_id, message.correlation_id) == (job.job_id, job.job_id)
    assert JobMessage.model_validate({**keywords, "kind": job.kind, "queue": job.queue, "trace": job.trace}) == job


async def test_what_people_ask_does_not_stand_in_the_headers(broker: Broker) -> None:
    """Celery's logs and Flower show these."""
    _, headers = jobs.encode(JobMessage.of("job_1", Chore(what="my diagnosis")))

    assert "diagnosis" not in str(headers)


async def test_a_message_that_no_queue_takes_fails(broker: Broker) -> None:
    with pytest.raises(BrokerUnavailable):
        await broker.publish(topology.JOBS, "no-such-queue", b"{}")
    await jobs.publish(broker, JobMessage.of(new_id("job"), Chore()))


async def test_a_broadcast_that_nobody_hears_is_fine(vhost: str) -> None:
    topology.declare(vhost)
    async with Broker(vhost, "test") as broker:
        await broker.ready()
        await control.broadcast_cancel(broker, "job_1")


async def test_a_delayed_job_comes_after_its_delay_and_not_before(broker: Broker) -> None:
    job = JobMessage.of(new_id("job"), Chore())
    mine = taken(broker, job.job_id)
    started = time.monotonic()
    await jobs.publish(broker, job, delay=0.4)  # rounded up: the broker counts whole seconds
    await mine.next()

    assert 0.9 <= time.monotonic() - started < SECONDS


async def test_many_publish_at_once(broker: Broker) -> None:
    ids = [new_id("job") for _ in range(300)]
    mine = taken(broker, *ids)
    await asyncio.gather(*(jobs.publish(broker, JobMessage.of(job_id, Chore())) for job_id in ids))

    assert {(await mine.next()).message_id for _ in ids} == set(ids)


async def test_publishing_before_rabbitmq_was_reached_fails_at_once() -> None:
    async with Broker("amqp://nobody:nothing@127.0.0.1:1/", "test") as broker:
        with pytest.raises(BrokerUnavailable):
            await control.broadcast_cancel(broker, "job_1")
        assert not broker.connected


async def test_a_publish_that_is_cancelled_is_cancelled(broker: Broker) -> None:
    publishing = asyncio.create_task(jobs.publish(broker, JobMessage.of(new_id("job"), Chore())))
    await asyncio.sleep(0)
    publishing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await publishing
    await jobs.publish(broker, JobMessage.of(new_id("job"), Chore()))
