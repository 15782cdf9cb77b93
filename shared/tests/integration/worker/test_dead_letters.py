"""Messages that no worker can handle: set aside, counted, and sent again or dropped by an operator."""

import asyncio
import json
import subprocess
from typing import Any, ClassVar

import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from warren import topology
from warren.contracts.base import JobPayload
from warren.contracts.events import EventType
from warren.ids import new_id
from warren.jobs import JobMessage, encode
from warren.testing.processes import Programs, script
from warren.testing.script import Journal, Script

from .conftest import WORKER
from .desk import Desk

DEAD = topology.dead_queue(Script.queue)


class Unknown(JobPayload):
    kind: ClassVar[str] = "analyzer.unknown"
    queue: ClassVar[str] = Script.queue


class Morgue:
    """Looks into the dead-letter queue of the scripts, and takes out what it finds."""

    def __init__(self, desk: Desk) -> None:
        self._messages: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        desk.broker.consume(self._listen)

    async def _listen(self, channel: AbstractChannel) -> None:
        queue = await channel.get_queue(DEAD, ensure=False)
        await queue.consume(self._messages.put)

    async def take(self) -> AbstractIncomingMessage:
        async with asyncio.timeout(20):
            message = await self._messages.get()
        await message.ack()
        return message


async def dead_count(desk: Desk) -> int:
    """How many dead letters there are."""
    count: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def look(channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(DEAD, passive=True)
        if not count.done():
            count.set_result(queue.declaration_result.message_count or 0)

    desk.broker.consume(look)
    return await asyncio.wait_for(count, 20)


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"not JSON"},
        {"body": b"[1, 2]"},
        {"body": json.dumps([[], {"no": "job"}, {}]).encode()},
        {"body": json.dumps([[], ["no", "keywords"], {}]).encode()},
        {"content_type": "application/x-python-serialize"},
        {"headers": {}},
        {"headers": {"task": "analyzer.unknown", "id": "x"}},
    ],
    ids=str,
)
async def test_a_message_that_nobody_can_read_goes_to_the_dead_letter_queue(
    desk: Desk, shared_journal: Journal, change: dict[str, Any]
) -> None:
    morgue = Morgue(desk)
    body, headers = encode(JobMessage.of(new_id("job"), Script(runs=((),))))
    told = {"body": body, "headers": headers, "content_type": "application/json", "content_encoding": "utf-8"} | change
    await desk.broker.publish(topology.JOBS, Script.queue, told.pop("body"), message_id="job_broken", **told)
    dead = await morgue.take()
    assert dead.message_id == "job_broken"
    assert shared_journal.runs("job_broken") == []
    assert (await desk.end(await desk.submit(()))).type is EventType.completed, "the worker goes on"


async def test_a_job_of_an_unknown_kind_goes_to_the_dead_letter_queue(desk: Desk) -> None:
    morgue = Morgue(desk)
    job = await desk.send(Unknown())
    dead = await morgue.take()
    assert dead.message_id == job
    assert dead.headers["x-first-death-queue"] == Script.queue


def operator(programs: Programs, *arguments: str) -> str:
    """What `warren dead …` prints."""
    command = [script("warren"), "dead", *arguments]
    done = subprocess.run(command, env=programs.environment, capture_output=True, text=True, check=False, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout


async def test_a_job_that_kills_its_workers_is_set_aside_and_can_be_sent_again(
    programs: Programs, own_desk: Desk, journal: Journal
) -> None:
    # A job gets four runs in all; the fifth belongs to the operator's second chance.
    job = await own_desk.submit(("exit",), ("exit",), ("exit",), ("exit",), ("progress alive",))
    for _ in range(topology.DELIVERY_LIMIT + 1):
        worker = await programs.worker(WORKER, ready=False)
        assert await worker.exited(60) == 9
    assert journal.runs(job) == [1, 2, 3, 4]

    listed = await asyncio.to_thread(operator, programs, "list")
    assert f"{Script.queue}  {job}  {Script.kind}  delivery_limit" in listed
    for _ in range(2):
        assert await asyncio.to_thread(operator, programs, "list") == listed, "looking changes nothing"
    assert await asyncio.to_thread(operator, programs, "list", "--job", "another") == ""
    assert await asyncio.to_thread(operator, programs, "requeue", "--job", "another") == ""

    requeued = await asyncio.to_thread(operator, programs, "requeue", "--job", job)
    assert requeued == listed
    reopened = await own_desk.event(job, EventType.requeued)
    worker = await programs.worker(WORKER)
    end = await own_desk.end(job)
    assert end.type is EventType.completed
    assert reopened.run == end.run > 4, "what an earlier run still says must be older"
    assert own_desk.types(job)[-4:] == ["requeued", "started", "progress", "completed"]
    assert await dead_count(own_desk) == 0


async def test_poison_takes_no_other_job_with_it(programs: Programs, own_desk: Desk, journal: Journal) -> None:
    """All come to the same worker each time, and whatever runs beside poison looks as guilty as it."""
    poison = await own_desk.submit(("exit",))
    others = [await own_desk.submit(("sleep 0.2",)) for _ in range(2)]
    for _ in range(topology.DELIVERY_LIMIT + 1):
        worker = await programs.worker(WORKER, ready=False)
        assert await worker.exited(60) == 9
    await programs.worker(WORKER)
    ends = [await own_desk.end(job) for job in others]
    assert {end.type for end in ends} == {EventType.completed}
    assert len(journal.runs(poison)) == 4
    assert await dead_count(own_desk) == 1


async def test_an_operator_can_drop_a_dead_letter(desk: Desk, shared_vhost: str, tmp_path: Any) -> None:
    programs = Programs({"WARREN_BROKER_URL": shared_vhost}, tmp_path)
    kept, dropped = await desk.send(Unknown()), await desk.send(Unknown())
    async with asyncio.timeout(20):
        while await dead_count(desk) < 2:
            pass
    gone = await asyncio.to_thread(operator, programs, "drop", "--job", dropped)
    assert dropped in gone
    assert kept not in gone
    left = await asyncio.to_thread(operator, programs, "list", "--queue", Script.queue)
    assert kept in left
    assert dropped not in left
    await asyncio.to_thread(operator, programs, "drop", "--job", kept)
    assert await dead_count(desk) == 0
