"""Celery's canvases as messages of ours."""

import json

from celery.canvas import chain, group

from warren import jobs
from warren.contracts.gateway import Housekeeping
from warren.jobs import JobMessage


def job(name: str) -> JobMessage:
    return JobMessage.of(f"job_{name}", Housekeeping(slot=name))


def names(message: JobMessage) -> list[str]:
    return [message.payload["slot"], *(then.payload["slot"] for then in message.then)]


def test_a_group_of_chains_is_one_message_for_each_chain() -> None:
    canvas = group(chain(jobs.signature(job(f"{n}a")), jobs.signature(job(f"{n}b"))) for n in (1, 2))

    assert [names(message) for message in jobs.messages(canvas)] == [["1a", "1b"], ["2a", "2b"]]
    assert [names(message) for message in jobs.messages(jobs.signature(job("alone")))] == [["alone"]]


def test_the_chain_travels_where_celery_keeps_it_and_comes_out_in_order() -> None:
    message = job("a").model_copy(update={"then": (job("b"), job("c"))})

    body, _headers = jobs.encode(message)
    _, _, embedded = json.loads(body)

    assert [part["kwargs"]["job_id"] for part in embedded["chain"]] == ["job_c", "job_b"]
    assert [JobMessage.model_validate(part) for part in jobs.following(embedded)] == list(message.then)


def test_each_message_carries_on_those_behind_it() -> None:
    message = job("a").model_copy(update={"then": (job("b"), job("c")), "trace": {"traceparent": "00-1"}})

    second = message.next
    assert second is not None
    third = second.next
    assert third is not None

    assert (names(second), names(third), third.next) == (["b", "c"], ["c"], None)
    assert third.trace == {"traceparent": "00-1"}
