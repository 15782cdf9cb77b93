"""What a worker tells Prometheus, and how quickly it takes the next job."""

import asyncio
import statistics
from datetime import datetime
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families

from warren.contracts.events import EventType
from warren.testing.processes import Program, until
from warren.testing.script import Script

from .desk import Desk

Samples = dict[tuple[str, str], float]


def samples(worker: Program) -> Samples:
    """(metric, job kind or "") → value, of the script's queue."""
    status, text = worker.fetch("/metrics")
    assert status == 200
    return {
        (sample.name, sample.labels.get("name", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.get("queue_name", Script.queue) == Script.queue
    }


async def test_jobs_are_counted_under_the_names_of_celery_exporter(desk: Desk, shared_worker: Program) -> None:
    before = samples(shared_worker)
    running = await desk.submit(("progress running", "sleep 600"))
    await desk.event(running, EventType.progress)
    for steps in (("progress x",), ("fail x",)):
        await desk.end(await desk.submit(steps))
    await desk.end(await desk.submit(("transient 1",), ()))
    # A run is over a moment after its end was told.
    await until(lambda: samples(shared_worker)["celery_worker_tasks_active", ""] == 1, 5, "one job to be left")
    await desk.cancel(running)
    await desk.end(running)
    await until(lambda: samples(shared_worker)["celery_worker_tasks_active", ""] == 0, 5, "no job to be left")
    after = samples(shared_worker)

    def grown(name: str) -> float:
        return after[name, Script.kind] - before.get((name, Script.kind), 0.0)

    assert grown("celery_task_received_total") == 5
    assert grown("celery_task_started_total") == 5
    assert grown("celery_task_succeeded_total") == 2
    assert grown("celery_task_failed_total") == 1
    assert grown("celery_task_retried_total") == 1
    assert grown("celery_task_revoked_total") == 1
    assert grown("celery_task_queue_wait_seconds_count") == 5
    assert grown("celery_task_runtime_seconds_count") == 5
    assert after["celery_worker_up", ""] == 1
    assert before["celery_task_revoked_total", Script.kind] >= 0, (
        "counters begin at 0, so that their rates see the first"
    )
    assert after["warren_build_info", ""] == 1


async def test_what_is_not_health_or_metrics_is_not_found(shared_worker: Program) -> None:
    assert shared_worker.fetch("/")[0] == 404
    assert shared_worker.health("live") == 200
    assert shared_worker.health("ready") == 200


async def test_one_job_after_another_waits_for_no_poll(desk: Desk) -> None:
    """Celery's threads acknowledge through its loop, which may sleep for a second: it has to be woken."""
    blockers = [await desk.submit(("progress running", "sleep 600")) for _ in range(3)]
    for job in blockers:
        await desk.event(job, EventType.progress)
    # One place is left, so that each job needs the acknowledgement of the one before.
    jobs = [await desk.submit(()) for _ in range(30)]
    ends = await asyncio.gather(*(desk.end(job) for job in jobs))
    for job in blockers:
        await desk.cancel(job)
    moments: list[datetime] = sorted(end.at for end in ends)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert statistics.median(gaps) < 0.1, f"slowest: {max(gaps):.3f} s"


async def test_many_jobs_flow(desk: Desk) -> None:
    """A floor far below what it does, to notice a poll on the way."""
    jobs = await asyncio.gather(*(desk.submit(()) for _ in range(500)))
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(desk.end(job) for job in jobs))
    assert 500 / (asyncio.get_running_loop().time() - started) > 50
