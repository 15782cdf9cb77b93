"""A thin client over the openai SDK: retries that are bounded in time, typed errors, metrics.

Limits that hold across workers (requests and tokens a minute, money a day) belong around `LlmClient._request`.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any, Literal, Self, TypedDict, cast
from urllib.parse import urlsplit

import structlog
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from opentelemetry import trace
from prometheus_client import Counter

from warren.llm.errors import LlmRefused, LlmUnavailable
from warren.llm.failures import EXPECTED, RequestFailure, classify
from warren.llm.reply import Completion, read_reply
from warren.llm.settings import LlmSettings

REQUESTS = Counter(
    "warren_provider_requests", "Requests to model endpoints, each retry counted", ("provider", "outcome")
)
TOKENS = Counter("warren_provider_tokens", "Tokens sent (prompt) and received (completion)", ("provider", "direction"))
BACKOFF_CAP_SECONDS = 8.0

log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)


class ChatMessage(TypedDict):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class LlmClient:
    """Asks one model at one endpoint. Opens connections when first used; close it with `aclose` or `async with`.

    `backoff` is the first wait in seconds between tries; it doubles each time, with jitter.
    """

    def __init__(self, settings: LlmSettings, *, backoff: float = 0.5) -> None:
        key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else ""
        self.model = settings.llm_model
        self.provider = urlsplit(settings.llm_base_url).hostname or "unknown"
        self._settings = settings
        self._backoff = backoff
        # The SDK's own retries know neither a total time nor our metrics, and they repeat 408 and 409 too.
        self._sdk = AsyncOpenAI(
            api_key=key, base_url=settings.llm_base_url, timeout=settings.llm_timeout_seconds, max_retries=0
        )
        # OpenAI's newer models refuse `max_tokens`; many compatible endpoints know nothing else.
        limit = "max_completion_tokens" if self.provider == "api.openai.com" else "max_tokens"
        self._options: dict[str, Any] = {limit: settings.llm_max_output_tokens}

    async def aclose(self) -> None:
        await self._sdk.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def complete(self, messages: Sequence[ChatMessage], *, purpose: str) -> Completion:
        """The model's reply. `purpose` names the work in logs and traces, like `analyzer.csv`.

        Tries again only after network errors, timeouts, 429 and 5xx, and only while the total time allows.
        Raises `LlmUnavailable` or `LlmRefused`.
        """
        deadline = time.monotonic() + self._settings.llm_total_timeout_seconds
        with tracer.start_as_current_span("llm.complete") as span:
            span.set_attributes({"gen_ai.request.model": self.model, "warren.purpose": purpose})
            tried = 0
            while True:
                started = time.monotonic()
                try:
                    completion = await self._request(messages, deadline - started)
                    break
                except EXPECTED as error:
                    failure = classify(error)
                REQUESTS.labels(self.provider, failure.outcome).inc()
                log.warning("llm_request_failed", purpose=purpose, outcome=failure.outcome, status=failure.status)
                await asyncio.sleep(self._wait(failure, tried, deadline))
                tried += 1
        self._count(completion)
        log.info(
            "llm_completed", purpose=purpose, model=completion.model, ms=round((time.monotonic() - started) * 1000)
        )
        return completion

    async def _request(self, messages: Sequence[ChatMessage], seconds: float) -> Completion:
        # The SDK's timeout starts anew with every byte, so an endpoint that drips needs a bound of its own.
        async with asyncio.timeout(min(seconds, self._settings.llm_timeout_seconds)):
            reply = await self._sdk.chat.completions.with_raw_response.create(
                model=self.model, messages=cast("list[ChatCompletionMessageParam]", list(messages)), **self._options
            )
        return read_reply(reply.content, self.model)

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

    def _count(self, completion: Completion) -> None:
        REQUESTS.labels(self.provider, "ok").inc()
        TOKENS.labels(self.provider, "prompt").inc(completion.prompt_tokens)
        TOKENS.labels(self.provider, "completion").inc(completion.completion_tokens)
