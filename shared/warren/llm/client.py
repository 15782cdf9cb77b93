"""A thin client over the openai SDK: retries that are bounded in time, typed errors, metrics; limits and a memory that
all workers share (`warren.llm.care`)."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal, Self, TypedDict, cast

import structlog
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from opentelemetry import trace
from prometheus_client import Counter

from warren.llm.cache import key_of
from warren.llm.care import Care, size_of
from warren.llm.errors import LlmRefused, LlmUnavailable
from warren.llm.failures import EXPECTED, RequestFailure, UnexpectedReply, classify
from warren.llm.reply import Completion, StreamedReply, read_reply
from warren.llm.settings import LlmSettings

REQUESTS = Counter(
    "warren_provider_requests", "Requests to model endpoints, each retry counted", ("provider", "outcome")
)
BACKOFF_CAP_SECONDS = 8.0

log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)

OnPart = Callable[[int, str], Awaitable[None]]
"""Hears the reply while it comes: the offset in characters and the text from there. Offset 0 begins anew."""


class ChatMessage(TypedDict):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class _Ask:
    """What one completion is asked for."""

    messages: Sequence[ChatMessage]
    longest: int
    on_part: OnPart | None
    patience: float | None
    places: AbstractAsyncContextManager[object]


class LlmClient:
    """Asks one model at one endpoint. Opens connections when first used; close it with `aclose` or `async with`.

    `backoff` is the first wait in seconds between tries; it doubles each time, with jitter. Services get theirs, with
    the limits and the memory that all share, from `warren.llm.connect`.
    """

    def __init__(self, settings: LlmSettings, *, care: Care | None = None, backoff: float = 0.5) -> None:
        key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else ""
        self.model = settings.llm_model
        self.provider = settings.llm_provider
        self._settings = settings
        self._care = care or Care(self.provider)
        self._backoff = backoff
        # The SDK's own retries know neither a total time nor our metrics, and they repeat 408 and 409 too.
        self._sdk = AsyncOpenAI(
            api_key=key, base_url=settings.llm_base_url, timeout=settings.llm_timeout_seconds, max_retries=0
        )
        # OpenAI's newer models refuse `max_tokens`; many compatible endpoints know nothing else.
        self._limit = "max_completion_tokens" if self.provider == "api.openai.com" else "max_tokens"

    async def aclose(self) -> None:
        await self._sdk.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        *,
        purpose: str,
        prompt_version: str = "1",
        remember: bool | Callable[[Completion], bool] = True,
        max_tokens: int | None = None,
        on_part: OnPart | None = None,
        patience: float | None = None,
        places: asyncio.Semaphore | None = None,
    ) -> Completion:
        """The model's reply. `purpose` names the work in logs and traces, like `analyzer.csv`.

        The answer is remembered for the same messages of the same `prompt_version`, if not told otherwise; with a
        function for `remember`, only one of which that is true. `max_tokens` bounds the reply below
        `llm_max_output_tokens`. With `on_part` the endpoint is asked to stream.
        To wait for a turn under the limits counts as part of the total time; with `patience`, in seconds, it has a time
        of its own. With `places`, each try waits for one, however long, and holds it while it is under way; not while
        answers are looked up or kept. Tries again only after network errors, timeouts, 429 and 5xx, and only while the
        total time allows.
        Raises `LlmUnavailable`, `LlmBudgetSpent` or `LlmRefused`.
        """
        longest = min(max_tokens or self._settings.llm_max_output_tokens, self._settings.llm_max_output_tokens)
        ask = _Ask(messages, longest, on_part, patience, places or nullcontext())
        key = self._key(ask, purpose, prompt_version)
        with tracer.start_as_current_span("llm.complete") as span:
            span.set_attributes({"gen_ai.request.model": self.model, "warren.purpose": purpose})
            if remember and (found := await self._care.recall(key)) is not None:
                log.info("llm_remembered", purpose=purpose, model=found.model)
                if on_part is not None:
                    await on_part(0, found.text)
                return found
            completion = await self._insist(ask, purpose)
        if remember(completion) if callable(remember) else remember:
            await self._care.remember(key, completion)
        return completion

    async def _insist(self, ask: _Ask, purpose: str) -> Completion:
        started = time.monotonic()
        deadline = started + self._settings.llm_total_timeout_seconds
        tried = 0
        while True:
            asked = time.monotonic()
            async with ask.places:
                before = time.monotonic()
                deadline += before - asked
                waiting = deadline - before if ask.patience is None else ask.patience
                turn = await self._care.turn(size_of(ask.messages), ask.longest, waiting)
                if ask.patience is not None:
                    deadline += time.monotonic() - before
                try:
                    completion = await self._request(ask, deadline - time.monotonic())
                except EXPECTED as error:
                    failure = classify(error)
                else:
                    break
            REQUESTS.labels(self.provider, failure.outcome).inc()
            log.warning("llm_request_failed", purpose=purpose, outcome=failure.outcome, status=failure.status)
            await self._care.failed(turn, failure.outcome)
            await asyncio.sleep(self._wait(failure, tried, deadline))
            tried += 1
        REQUESTS.labels(self.provider, "ok").inc()
        completion = await self._care.answered(turn, completion)
        log.info(
            "llm_completed", purpose=purpose, model=completion.model, ms=round((time.monotonic() - started) * 1000)
        )
        return completion

    async def _request(self, ask: _Ask, seconds: float) -> Completion:
        options: dict[str, Any] = {
            "model": self.model,
            "messages": cast("list[ChatCompletionMessageParam]", list(ask.messages)),
            self._limit: ask.longest,
        }
        # The SDK's timeout starts anew with every byte, so an endpoint that drips needs a bound of its own.
        async with asyncio.timeout(min(seconds, self._settings.llm_timeout_seconds)):
            if ask.on_part is not None:
                return await self._streamed(options, ask.on_part)
            reply = await self._sdk.chat.completions.with_raw_response.create(**options)
        return read_reply(reply.content, self.model)

    async def _streamed(self, options: dict[str, Any], on_part: OnPart) -> Completion:
        reply = StreamedReply(self.model)
        # Whether this costs anything is only told at the end of a stream, and only if asked for.
        stream = await self._sdk.chat.completions.create(**options, stream=True, stream_options={"include_usage": True})
        try:
            async with stream:
                async for chunk in stream:
                    offset = len(reply.text)
                    if part := reply.add(chunk):
                        await on_part(offset, part)
        except json.JSONDecodeError:
            raise UnexpectedReply from None
        return reply.completion()

    def _wait(self, failure: RequestFailure, tried: int, deadline: float) -> float:
        """Seconds until the next try; raises when there must be none."""
        if failure.outcome == "refused":
            message = f"{self.provider} refused the request: {failure.message}"
            raise LlmRefused(self.provider, message, status=failure.status)
        jitter = random.uniform(0.5, 1.0)  # noqa: S311  no secret is made of it
        wait = max(min(BACKOFF_CAP_SECONDS, self._backoff * 2.0**tried) * jitter, failure.retry_after or 0.0)
        last = tried >= self._settings.llm_max_retries or time.monotonic() + wait >= deadline
        if last or not failure.retryable:
            message = f"{self.provider} is unavailable: {failure.message}"
            raise LlmUnavailable(self.provider, message, outcome=failure.outcome, retry_after=failure.retry_after)
        return wait

    def _key(self, ask: _Ask, purpose: str, prompt_version: str) -> bytes:
        return key_of(
            endpoint=self._settings.llm_base_url,
            model=self.model,
            longest=ask.longest,
            purpose=purpose,
            prompt_version=prompt_version,
            messages=list(ask.messages),
        )
