"""How a job's run ends, whatever its handler does."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import ClassVar

import pytest

from warren.contracts.base import JobPayload
from warren.contracts.events import EventType, JobEvent
from warren.testing.processes import Program, until
from warren.testing.script import Journal, Script, ShortScript

from .desk import Desk, finished


def numbered_without_gaps(events: list[JobEvent]) -> bool:
    """Whether each run counts from 1 in steps of 1, and runs only grow."""
    return all(
        (later.run, later.n) == (earlier.run, earlier.n + 1) or (later.run > earlier.run and later.n == 1)
        for earlier, later in pairwise(events)
    )


async def test_a_job_is_started_reports_and_completes(desk: Desk) -> None:
    job = await desk.submit(("progress one", "progress two"))
    end = await desk.end(job)
    assert desk.types(job) == ["started", "progress", "progress", "completed"]
    assert [event.id for event in desk.events(job)] == ["1-1", "1-2", "1-3", "1-4"]
    assert end.data["result"] == {"run": 1, "padding": ""}
    assert desk.events(job)[1].data["message"] == "one"


async def test_a_large_result_travels_as_a_blob_with_its_brief_beside(desk: Desk, shared_worker: Program) -> None:
    end = await desk.end(await desk.submit(("big",)))
    assert end.data["result"] is None
    assert end.data["brief"] == {"run": 1}
    blob = shared_worker.log.parent / "blobs" / end.data["result_blob"]
    assert len(json.loads(blob.read_text())["padding"]) > 16_384


async def test_what_a_job_stores_is_listed_with_its_end(desk: Desk, shared_worker: Program) -> None:
    end = await desk.end(await desk.submit(("store plot.txt", "store plot.txt", "store table.txt")))
    names = [artifact["name"] for artifact in end.data["artifacts"]]
    assert names == ["plot.txt", "table.txt"]
    blob = shared_worker.log.parent / "blobs" / end.data["artifacts"][0]["blob"]
    assert blob.read_text() == "plot.txt"


async def test_a_job_error_fails_the_job_with_its_code_and_details(desk: Desk) -> None:
    end = await desk.end(await desk.submit(("fail badly",)))
    assert end.type is EventType.failed
    assert end.data["code"] == "script.failed"
    assert end.data["message"] == "The script failed: badly"
    assert end.data["details"] == {"word": "badly"}


@pytest.mark.parametrize("step", ["crash secret", "timeout", "cancel"])
async def test_any_other_error_fails_the_job_without_its_text(
    desk: Desk, step: str, shared_journal: Journal, shared_worker: Program
) -> None:
    """A `TimeoutError` or `CancelledError` of something inside the handler is neither the job's timeout nor its end."""
    job = await desk.submit((step,))
    end = await desk.end(job)
    assert (end.type, end.data["code"]) == (EventType.failed, "job.crashed")
    assert "secret" not in end.data["message"]
    assert shared_journal.runs(job) == [1]

    assert "job_crashed" in shared_worker.log.read_text()


async def test_a_job_that_takes_too_long_is_stopped_and_fails(desk: Desk, shared_journal: Journal) -> None:
    job = await desk.submit(("progress here", "sleep 60"), payload=ShortScript)
    end = await desk.end(job)
    assert end.data["code"] == "job.timeout"
    assert end.data["message"] == "It took longer than 0.5 seconds."
    assert (1, "end") not in shared_journal.of(job)


async def test_a_handler_that_ends_its_work_when_told_to_stop_still_counts_as_done(desk: Desk) -> None:
    job = await desk.submit(("stubborn 1",), payload=ShortScript)
    assert (await desk.end(job)).type is EventType.completed


class ScriptOfTomorrow(JobPayload):
    kind: ClassVar[str] = Script.kind
    queue: ClassVar[str] = Script.queue

    plays: int


async def test_an_invalid_payload_fails_the_job(desk: Desk, shared_journal: Journal) -> None:
    job = await desk.send(ScriptOfTomorrow(plays=7))
    end = await desk.end(job)
    assert desk.types(job) == ["failed"]
    assert end.data["code"] == "job.invalid_payload"
    assert shared_journal.runs(job) == []


async def test_a_passing_error_is_tried_again_later(desk: Desk) -> None:
    job = await desk.submit(("transient",), ("progress again",))
    end = await desk.end(job)
    retrying = await desk.event(job, EventType.retrying)
    assert desk.types(job) == ["started", "retrying", "started", "progress", "completed"]
    assert retrying.data["code"] == "script.transient"
    assert 1.0 <= retrying.data["delay_seconds"] <= 2.0, "the first back-off is 2 s with jitter in its upper half"
    waited = (desk.events(job)[2].at - retrying.at).total_seconds()
    assert retrying.data["delay_seconds"] <= waited
    assert end.run == 2


@pytest.mark.parametrize("server", ["database", "broker"])
async def test_a_server_that_is_away_is_no_reason_to_fail(desk: Desk, server: str) -> None:
    job = await desk.submit((f"away {server}",), ("progress again",))
    await desk.end(job)
    assert desk.types(job) == ["started", "retrying", "started", "progress", "completed"]
    assert (await desk.event(job, EventType.retrying)).data["code"] == "job.interrupted"


async def test_a_job_that_keeps_failing_in_passing_fails_after_its_retries(desk: Desk, shared_journal: Journal) -> None:
    job = await desk.submit(("transient 0.1",))
    end = await desk.end(job)
    assert (end.type, end.data["code"]) == (EventType.failed, "script.transient")
    assert end.data["retryable"] is True
    assert shared_journal.runs(job) == [1, 2, 3], "max_retries is 2"
    assert numbered_without_gaps(desk.events(job))


async def test_text_that_postgresql_cannot_hold_is_cleaned(desk: Desk) -> None:
    job = await desk.submit(("progress a\0b\ud800c",))
    await desk.end(job)
    assert desk.events(job)[1].data["message"] == "ab?c"


async def test_a_message_sent_twice_runs_once_while_the_first_is_running(desk: Desk, shared_journal: Journal) -> None:
    job = await desk.submit(("progress running", "sleep 0.5"))
    await desk.event(job, EventType.progress)
    await desk.submit(("progress running", "sleep 0.5"), job_id=job)
    await desk.end(job)
    other = await desk.submit(())
    await desk.end(other)
    assert shared_journal.runs(job) == [1]
    assert desk.types(job) == ["started", "progress", "completed"]


async def test_a_message_that_may_have_been_sent_before_does_not_run_again(
    desk: Desk, shared_worker: Program, shared_journal: Journal
) -> None:
    job = await finished(desk, shared_worker)
    await desk.submit((), job_id=job, resent=True)
    await desk.end(await desk.submit(()))
    await until(lambda: job in desk.asked, 60, "the worker to ask about the job")
    assert shared_journal.runs(job) == [1]


async def test_a_job_that_an_operator_sends_again_runs_even_if_that_is_not_recorded_yet(
    desk: Desk, shared_worker: Program, shared_journal: Journal
) -> None:
    job = await finished(desk, shared_worker)
    old = datetime.now(UTC) - timedelta(hours=1)
    await desk.submit((), job_id=job, run=9, reopened=True, enqueued_at=old)
    await until(lambda: shared_journal.runs(job) == [1, 9], 60, "the job to run again")
    assert job in desk.asked
