"""What endpoints send, sorted: replies, failures inside a 200, and the wait they ask for."""

import email.utils
import time

import httpx2
import openai
import pytest

from warren.llm.failures import UnexpectedReply, classify
from warren.llm.reply import read_reply


def rate_limit(**headers: str) -> openai.RateLimitError:
    request = httpx2.Request("POST", "http://localhost/v1/chat/completions")
    return openai.RateLimitError(
        "slow down", response=httpx2.Response(429, headers=headers, request=request), body=None
    )


def test_fields_an_endpoint_leaves_out_have_defaults() -> None:
    completion = read_reply(b'{"choices": [{"message": {"content": null}}]}', "asked/model")
    assert (completion.text, completion.model, completion.tokens) == ("", "asked/model", 0)


def test_nul_characters_are_dropped() -> None:
    assert read_reply(b'{"choices": [{"message": {"content": "a\\u0000b"}}]}', "m").text == "ab"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>gateway</html>", b"[]", b'{"choices": []}', b'{"choices": [{"message": 1}]}', b'{"choices": "a"}'],
)
def test_anything_but_a_completion_is_malformed(body: bytes) -> None:
    with pytest.raises(UnexpectedReply) as caught:
        read_reply(body, "m")
    failure = classify(caught.value)
    assert (failure.outcome, failure.retryable) == ("malformed", False)


@pytest.mark.parametrize(("code", "outcome"), [(502, "server_error"), (429, "rate_limited"), (402, "refused")])
def test_a_failure_inside_a_200_counts_as_its_own_status(code: int, outcome: str) -> None:
    with pytest.raises(UnexpectedReply) as caught:
        read_reply(b'{"error": {"code": %d, "message": "provider"}}' % code, "m")
    assert classify(caught.value).outcome == outcome


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "3"}, 3.0), ({"Retry-After": "1", "retry-after-ms": "250"}, 0.25), ({}, None)],
)
def test_the_wait_is_read_in_seconds_or_milliseconds(headers: dict[str, str], seconds: float | None) -> None:
    assert classify(rate_limit(**headers)).retry_after == seconds


def test_the_wait_may_be_a_date() -> None:
    later = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert classify(rate_limit(**{"Retry-After": later})).retry_after == pytest.approx(100, abs=3)
    assert classify(rate_limit(**{"Retry-After": "soon"})).retry_after is None
