"""A message that is not run here goes to the queue as a fresh one, also if RabbitMQ cannot be reached at once."""

import asyncio
from typing import ClassVar

from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.base import Empty, JobPayload
from warren.errors import BrokerUnavailable
from warren.jobs import JobMessage
from warren.queries import QueryClient
from warren.worker.job import Job
from warren.worker.runtime import SUSPECT_CRASHES, Runtime
from warren.worker.verdict import Verdict


class Wait(JobPayload):
    kind: ClassVar[str] = "test.wait"
    queue: ClassVar[str] = "test"


async def wait(_job: Job[Wait]) -> Empty:
    await asyncio.Event().wait()
    return Empty()


async def test_a_job_that_is_kept_apart_is_not_held_against_because_rabbitmq_is_away() -> None:
    """To hand it back would count as one more crash, and after some of them it would be given up."""
    sent: list[JobMessage] = []
    failures = [BrokerUnavailable("away"), BrokerUnavailable("away")]

    async def send(job: JobMessage, *, delay: float = 0.0) -> None:
        if failures:
            raise failures.pop()
        sent.append(job)

    broker = Broker("amqp://nobody@127.0.0.1:1/", "test")  # never entered: nothing connects
    runtime = Runtime("test", {Wait: wait}, broker, BlobStore("memory://"), QueryClient(broker), send)
    messages = [JobMessage.of(name, Wait()).model_dump(mode="json") for name in ("job_1", "job_2")]
    first = asyncio.create_task(runtime.run(Wait.kind, Wait.queue, messages[0], SUSPECT_CRASHES))
    await asyncio.sleep(0)

    verdict = await runtime.run(Wait.kind, Wait.queue, messages[1], SUSPECT_CRASHES)

    assert verdict is Verdict.acknowledge
    assert [(message.job_id, message.crashes) for message in sent] == [("job_2", SUSPECT_CRASHES)]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
