"""Jobs that follow others: each when the one before it has succeeded."""

from celery.canvas import chain

from warren import jobs
from warren.contracts.events import EventType
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.testing.script import Journal, Script

from .desk import Desk


async def send_chain(desk: Desk, *scripts: Script) -> list[str]:
    """The ids of its jobs, in order."""
    made = [JobMessage.of(new_id("job"), script) for script in scripts]
    for message in jobs.messages(chain(*(jobs.signature(job) for job in made))):
        await jobs.publish(desk.broker, message)
    return [job.job_id for job in made]


async def test_a_chain_runs_in_order_and_each_part_once(desk: Desk, shared_journal: Journal) -> None:
    ids = await send_chain(desk, *(Script(runs=((f"progress {n}",),)) for n in range(3)))

    ends = [await desk.end(job) for job in ids]

    assert [end.type for end in ends] == [EventType.completed] * 3
    assert [shared_journal.runs(job) for job in ids] == [[1]] * 3
    began = [desk.events(job)[0].at for job in ids]
    assert began == sorted(began)


async def test_a_retry_carries_the_chain_on_and_a_failure_ends_it(desk: Desk, shared_journal: Journal) -> None:
    first, second, third = await send_chain(
        desk,
        Script(runs=(("transient 1",), ("progress better",))),
        Script(runs=(("fail badly",),)),
        Script(runs=(("progress never",),)),
    )

    assert (await desk.end(first)).type is EventType.completed
    assert (await desk.end(second)).type is EventType.failed
    assert shared_journal.runs(third) == []
