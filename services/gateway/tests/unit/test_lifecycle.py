"""The state machine: whatever is delivered in whatever order, a job moves forward and ends once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lifecycle import DEAD_LETTER, TERMINAL, JobState, Status, apply, next_event
from warren.contracts.events import EventType, JobEvent

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DIED = {"code": DEAD_LETTER, "message": "The workers died."}


def event(kind: EventType, run: int = 1, n: int = 1, **data: Any) -> JobEvent:
    return JobEvent(job_id="job_1", run=run, n=n, type=kind, at=NOW + timedelta(seconds=run * 100 + n), data=data)


def job(status: Status = Status.queued, run: int = 0, n: int = 0, **fields: Any) -> JobState:
    return JobState(id="job_1", status=status, run=run, n=n, **fields)


@pytest.mark.parametrize(
    ("before", "kind", "after"),
    [
        (Status.queued, EventType.started, Status.in_progress),
        (Status.queued, EventType.cancelled, Status.cancelled),
        (Status.queued, EventType.expired, Status.expired),
        (Status.queued, EventType.failed, Status.failed),
        (Status.in_progress, EventType.started, Status.in_progress),
        (Status.in_progress, EventType.progress, Status.in_progress),
        (Status.in_progress, EventType.output, Status.in_progress),
        (Status.in_progress, EventType.retrying, Status.retrying),
        (Status.in_progress, EventType.completed, Status.completed),
        (Status.in_progress, EventType.failed, Status.failed),
        (Status.in_progress, EventType.cancelled, Status.cancelled),
        (Status.in_progress, EventType.expired, Status.expired),
        (Status.retrying, EventType.started, Status.in_progress),
        (Status.retrying, EventType.cancelled, Status.cancelled),
        (Status.retrying, EventType.expired, Status.expired),
    ],
)
def test_an_event_moves_a_job_to_its_state(before: Status, kind: EventType, after: Status) -> None:
    changed = apply(job(before, run=1, n=3), event(kind, run=2, n=1))

    assert changed is not None
    assert (changed.status, changed.run, changed.n) == (after, 2, 1)


@pytest.mark.parametrize("status", sorted(TERMINAL))
@pytest.mark.parametrize("kind", [kind for kind in EventType if kind is not EventType.requeued])
def test_nothing_follows_a_terminal_state(status: Status, kind: EventType) -> None:
    assert apply(job(status, run=1, n=3), event(kind, run=5, n=1)) is None


@pytest.mark.parametrize(("run", "n"), [(1, 9), (2, 4), (2, 5)])
def test_what_is_recorded_or_older_is_ignored(run: int, n: int) -> None:
    assert apply(job(Status.in_progress, run=2, n=5), event(EventType.progress, run, n)) is None


def test_a_completed_job_keeps_its_result_and_when_it_started() -> None:
    started = apply(job(), event(EventType.started))
    assert started is not None
    again = apply(started, event(EventType.started, run=2))
    assert again is not None
    outcome = {"result": {"answer": "2"}, "result_blob": None, "brief": {"answer": "2"}, "artifacts": [{"name": "a"}]}
    done = apply(again, event(EventType.completed, run=2, n=2, **outcome))

    assert done is not None
    assert done.started_at == event(EventType.started).at
    assert done.completed_at == event(EventType.completed, 2, 2).at
    assert (done.result, done.brief, done.artifacts) == ({"answer": "2"}, {"answer": "2"}, [{"name": "a"}])


def test_a_failed_job_keeps_its_error_and_its_last_progress() -> None:
    running = job(Status.in_progress, 1, 2, progress={"stage": "running"})
    failed = apply(running, event(EventType.failed, 1, 3, code="sandbox.timeout", message="Too long."))

    assert failed is not None
    assert failed.error == {"code": "sandbox.timeout", "message": "Too long."}
    assert failed.progress == {"stage": "running"}


def test_a_dead_job_can_be_requeued_and_run_again() -> None:
    dead = job(Status.failed, 4, 2, error=DIED, completed_at=NOW)
    requeued = apply(dead, event(EventType.requeued, run=9, n=0))

    assert requeued is not None
    assert (requeued.status, requeued.error, requeued.completed_at) == (Status.queued, None, None)
    assert apply(requeued, event(EventType.progress, run=4, n=3)) is None
    assert apply(requeued, event(EventType.started, run=9, n=1)) is not None


@pytest.mark.parametrize(
    "state",
    [
        job(Status.completed, 1, 2),
        job(Status.cancelled, 1, 2),
        job(Status.in_progress, 1, 2),
        job(Status.failed, 1, 2, error={"code": "sandbox.timeout"}),
        job(Status.failed, 9, 0, error=DIED),
    ],
)
def test_only_a_dead_job_can_be_requeued_and_only_once(state: JobState) -> None:
    assert apply(state, event(EventType.requeued, run=9, n=0)) is None


def test_the_gateways_own_event_follows_the_last_one_recorded() -> None:
    running = job(Status.in_progress, run=3, n=7)
    added = next_event(running, EventType.expired, {})
    ended = apply(running, added)

    assert added.id == "3-8"
    assert ended is not None
    assert ended.status is Status.expired


@given(
    st.lists(
        st.builds(
            event,
            st.sampled_from(list(EventType)),
            st.integers(0, 4),
            st.integers(0, 6),
            code=st.sampled_from([DEAD_LETTER, "other"]),
        ),
        max_size=40,
    )
)
def test_any_events_in_any_order_move_a_job_forward_and_end_it_once(delivered: list[JobEvent]) -> None:
    state = job()
    ends = requeues = 0
    for item in delivered + delivered:
        changed = apply(state, item)
        if changed is None:
            continue
        assert (changed.run, changed.n) > (state.run, state.n)
        assert (changed.completed_at is not None) == changed.status.terminal
        if state.status.terminal:
            assert item.type is EventType.requeued
            requeues += 1
        ends += changed.status.terminal
        state = changed
    assert ends == requeues + state.status.terminal


def test_a_part_of_the_result_is_recorded_and_ends_nothing() -> None:
    told = apply(job(Status.in_progress, 1, 1, progress={"stage": "x"}), event(EventType.output, n=2, text="so far"))

    assert told == job(Status.in_progress, 1, 2, progress={"stage": "x"})
    assert told is not None
    assert told.completed_at is None


def test_live_events_are_not_recorded() -> None:
    assert apply(job(Status.in_progress, 1, 1), event(EventType.live, n=2)) is None
