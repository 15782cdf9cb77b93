"""The client against a real HTTP server that misbehaves on purpose."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from warren.llm import ChatMessage, LlmClient, LlmRefused, LlmSettings, LlmUnavailable
from warren.testing.scripted_llm import ScriptedLlm, Step

KEY = "sk-very-secret"
QUESTION: list[ChatMessage] = [{"role": "user", "content": "How many rows? PRIVATE-CELL"}]
Connect = Callable[..., LlmClient]


def settings(base_url: str, **changes: object) -> LlmSettings:
    return LlmSettings.model_validate(
        {"llm_api_key": SecretStr(KEY), "llm_base_url": base_url, "llm_model": "some/model", **changes}
    )


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes clients that retry without long waits, and closes them."""
    async with AsyncExitStack() as stack:

        def make(base_url: str, **changes: object) -> LlmClient:
            client = LlmClient(settings(base_url, **changes), backoff=0.01)
            stack.push_async_exit(client)
            return client

        yield make


def counted(outcome: str) -> float:
    labels = {"provider": "127.0.0.1", "outcome": outcome}
    return REGISTRY.get_sample_value("warren_provider_requests_total", labels) or 0.0


async def test_a_reply_comes_with_its_model_and_tokens(connect: Connect) -> None:
    with ScriptedLlm([Step(reply="42", prompt_tokens=7, completion_tokens=3)]) as llm:
        completion = await connect(llm.base_url).complete(QUESTION, purpose="test")
    assert (completion.text, completion.model, completion.tokens) == ("42", "some/model", 10)
    assert not completion.truncated
    request = llm.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["max_tokens"] == 8000
    assert request.body["messages"] == QUESTION


async def test_a_reply_that_hit_the_output_limit_says_so(connect: Connect) -> None:
    with ScriptedLlm([Step(reply="4", truncated=True)]) as llm:
        assert (await connect(llm.base_url).complete(QUESTION, purpose="test")).truncated


@pytest.mark.parametrize("failure", [Step(status=500), Step(status=503), Step(status=429), Step(disconnect=True)])
async def test_a_passing_failure_is_tried_again(connect: Connect, failure: Step) -> None:
    with ScriptedLlm([failure, failure, Step(reply="42")]) as llm:
        completion = await connect(llm.base_url).complete(QUESTION, purpose="test")
    assert completion.text == "42"
    assert len(llm.requests) == 3


async def test_a_rate_limit_waits_as_long_as_the_endpoint_asks(connect: Connect) -> None:
    with ScriptedLlm([Step(status=429, retry_after=0.5), Step(reply="42")]) as llm:
        await connect(llm.base_url).complete(QUESTION, purpose="test")
    assert llm.requests[1].at - llm.requests[0].at >= 0.5


async def test_a_wait_longer_than_the_total_time_is_not_begun(connect: Connect) -> None:
    started = time.monotonic()
    with ScriptedLlm([Step(status=429, retry_after=3600)]) as llm, pytest.raises(LlmUnavailable) as caught:
        await connect(llm.base_url).complete(QUESTION, purpose="test")
    assert (caught.value.outcome, caught.value.retry_after) == ("rate_limited", 3600)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 422])
async def test_any_other_4xx_is_refused_at_once(connect: Connect, status: int) -> None:
    steps = [Step(status=status, reply=f"bad key {KEY}"), Step(reply="42")]
    with ScriptedLlm(steps) as llm, pytest.raises(LlmRefused) as caught:
        await connect(llm.base_url).complete(QUESTION, purpose="test")
    assert caught.value.status == status
    assert KEY not in caught.value.message
    assert len(llm.requests) == 1


async def test_retries_are_bounded_in_number(connect: Connect) -> None:
    expected = pytest.raises(LlmUnavailable, match="500 Internal Server Error")
    with ScriptedLlm([Step(status=500, times=None)]) as llm, expected:
        await connect(llm.base_url, llm_max_retries=2).complete(QUESTION, purpose="test")
    assert len(llm.requests) == 3


async def test_a_slow_endpoint_is_given_up_within_the_total_time(connect: Connect) -> None:
    started = time.monotonic()
    limits = {"llm_timeout_seconds": 0.2, "llm_total_timeout_seconds": 0.5}
    with ScriptedLlm([Step(delay=30, times=None)]) as llm, pytest.raises(LlmUnavailable) as caught:
        await connect(llm.base_url, **limits).complete(QUESTION, purpose="test")
    assert caught.value.outcome == "timeout"
    assert time.monotonic() - started < 2


async def test_an_endpoint_that_is_not_there_is_unavailable(connect: Connect) -> None:
    with ScriptedLlm() as llm:
        gone = llm.base_url
    with pytest.raises(LlmUnavailable) as caught:
        await connect(gone, llm_max_retries=1).complete(QUESTION, purpose="test")
    assert (caught.value.outcome, caught.value.provider) == ("network", "127.0.0.1")


async def test_a_broken_reply_is_not_asked_for_again(connect: Connect) -> None:
    with ScriptedLlm([Step(malformed=True), Step(reply="42")]) as llm, pytest.raises(LlmUnavailable) as caught:
        await connect(llm.base_url).complete(QUESTION, purpose="test")
    assert caught.value.outcome == "malformed"
    assert len(llm.requests) == 1


class Heard:
    """A reply as it was told; parts that begin anew forget the earlier ones."""

    def __init__(self) -> None:
        self.text = ""
        self.parts = 0

    async def __call__(self, offset: int, text: str) -> None:
        assert offset in {0, len(self.text)}
        self.text = self.text[:offset] + text
        self.parts += 1


async def test_a_reply_may_be_heard_while_it_comes(connect: Connect) -> None:
    heard = Heard()
    with ScriptedLlm([Step(reply="one two three", prompt_tokens=7, completion_tokens=3, cost=0.25)]) as llm:
        completion = await connect(llm.base_url).complete(QUESTION, purpose="test", on_part=heard)
    assert (heard.text, heard.parts) == ("one two three", 3)
    assert (completion.text, completion.tokens, completion.cost) == ("one two three", 10, 0.25)
    assert llm.requests[0].body["stream_options"] == {"include_usage": True}


async def test_a_stream_that_breaks_off_begins_anew(connect: Connect) -> None:
    heard = Heard()
    steps = [Step(reply="one two three", disconnect=True, breaks_after=2), Step(reply="four five", truncated=True)]
    with ScriptedLlm(steps) as llm:
        completion = await connect(llm.base_url).complete(QUESTION, purpose="test", on_part=heard)
    assert (heard.text, heard.parts) == ("four five", 4)
    assert (completion.text, completion.truncated) == ("four five", True)


async def test_nonsense_in_a_stream_is_not_asked_for_again(connect: Connect) -> None:
    steps = [Step(reply="one two", malformed=True, breaks_after=1), Step(reply="42")]
    with ScriptedLlm(steps) as llm, pytest.raises(LlmUnavailable) as caught:
        await connect(llm.base_url).complete(QUESTION, purpose="test", on_part=Heard())
    assert caught.value.outcome == "malformed"


async def test_a_shorter_reply_may_be_asked_for_but_no_longer_one(connect: Connect) -> None:
    with ScriptedLlm([Step(reply="42", times=None)]) as llm:
        await connect(llm.base_url).complete(QUESTION, purpose="test", max_tokens=50)
        await connect(llm.base_url).complete(QUESTION, purpose="test", max_tokens=10_000)
    assert [request.body["max_tokens"] for request in llm.requests] == [50, 8000]


async def test_every_request_is_counted_by_outcome(connect: Connect) -> None:
    before = {outcome: counted(outcome) for outcome in ("ok", "rate_limited", "server_error")}
    with ScriptedLlm([Step(status=429), Step(status=500), Step(reply="42")]) as llm:
        await connect(llm.base_url).complete(QUESTION, purpose="test")
    assert {outcome: counted(outcome) - n for outcome, n in before.items()} == dict.fromkeys(before, 1.0)


async def test_neither_key_nor_prompt_is_logged(
    connect: Connect, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    with ScriptedLlm([Step(status=500), Step(reply="42")]) as llm:
        client = connect(llm.base_url)
        await client.complete(QUESTION, purpose="test")
    shown = caplog.text + "".join(capsys.readouterr()) + repr(settings(llm.base_url))
    assert "llm_completed" in shown
    assert KEY not in shown
    assert "PRIVATE-CELL" not in shown


def test_the_key_is_read_under_either_name_or_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in ("WARREN_LLM_API_KEY", "OPENROUTER_API_KEY", "WARREN_LLM_API_KEY_FILE", "OPENROUTER_API_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert not LlmSettings().llm_enabled
    monkeypatch.setenv("OPENROUTER_API_KEY", "")
    assert not LlmSettings().llm_enabled
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    assert LlmSettings().llm_api_key == SecretStr(KEY)
    monkeypatch.delenv("OPENROUTER_API_KEY")
    secret = tmp_path_factory.mktemp("secrets") / "key"
    secret.write_text(f"{KEY}\n")
    monkeypatch.setenv("WARREN_LLM_API_KEY_FILE", str(secret))
    assert LlmSettings().llm_api_key == SecretStr(KEY)
