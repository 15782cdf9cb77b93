"""Whom a redelivery is held against: a worker that died, or a connection that was lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

from warren.jobs import JobMessage
from warren.worker.interruptions import MAX_INTERRUPTIONS, Interruptions


def message(**fields: Any) -> JobMessage:
    """As it looks when it was delivered for the second time."""
    return JobMessage(job_id="job_1", kind="analyzer.csv", queue="analyzer", payload={}, crashes=1, **fields)


def test_without_a_lost_connection_a_worker_must_have_died() -> None:
    assert Interruptions().excused(message(), 2) is None


def test_a_job_that_waited_or_ran_when_the_connection_was_lost_is_excused_once() -> None:
    interruptions = Interruptions()
    job = message()
    interruptions.lost()
    fresh = interruptions.excused(job, 2)

    assert fresh is not None
    assert (fresh.run, fresh.crashes, fresh.interruptions, fresh.resent) == (2, 0, 1, True)
    assert interruptions.excused(fresh.model_copy(update={"crashes": 1}), 3) is None


def test_a_job_that_came_after_the_loss_is_not_excused() -> None:
    interruptions = Interruptions()
    interruptions.lost()

    assert interruptions.excused(message(enqueued_at=datetime.now(UTC) + timedelta(seconds=1)), 2) is None


def test_a_job_that_keeps_losing_the_connection_is_not_excused_for_ever() -> None:
    interruptions = Interruptions()
    job = message(interruptions=MAX_INTERRUPTIONS)
    interruptions.lost()

    assert interruptions.excused(job, 2) is None
