"""What stands between the client and the endpoint: limits, prices, and the memory of answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from prometheus_client import Counter

from warren.llm.cache import AnswerCache
from warren.llm.errors import LlmBudgetSpent, LlmUnavailable
from warren.llm.limits import Limits, Turn, take_turn
from warren.llm.reply import Completion

TOKENS = Counter("warren_provider_tokens", "Tokens sent (prompt) and received (completion)", ("provider", "direction"))
COST = Counter("warren_provider_cost", "Money spent, in the currency of the endpoint's prices", ("provider",))
DENIED = Counter(
    "warren_provider_denied",
    "Requests not sent: the limits leave no room in time, or no budget",
    ("provider", "reason"),
)
CACHE = Counter("warren_provider_cache", "Questions looked up among remembered answers", ("provider", "outcome"))

BYTES_PER_TOKEN = 3
"""Fewer than models have for any common script, so that an estimate is rarely too low."""


class _Content(Protocol):
    def __getitem__(self, name: str, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a million tokens. Zero: unknown, or free."""

    prompt: float = 0.0
    completion: float = 0.0

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


class Care:
    """Everything is optional: without `limits` nothing waits, without `cache` nothing is remembered."""

    def __init__(
        self,
        provider: str,
        *,
        limits: Limits | None = None,
        cache: AnswerCache | None = None,
        prices: Prices = Prices(),
    ) -> None:
        self._provider = provider
        self._limits = limits
        self._cache = cache
        self._prices = prices

    async def turn(self, prompt_bytes: int, longest_reply: int, patience: float) -> Turn | None:
        """Wait until one more request may be sent. Raises `LlmBudgetSpent` or `LlmUnavailable`."""
        if self._limits is None:
            return None
        prompt = prompt_bytes // BYTES_PER_TOKEN + 1
        try:
            return await take_turn(
                self._limits, prompt + longest_reply, self._prices.of(prompt, longest_reply), patience
            )
        except LlmBudgetSpent:
            DENIED.labels(self._provider, "budget").inc()
            raise
        except LlmUnavailable:
            DENIED.labels(self._provider, "rate").inc()
            raise

    async def failed(self, turn: Turn | None, outcome: str) -> None:
        """A request ended without a completion."""
        # Who lost patience does not know whether the endpoint went on, and charged for it: the estimate stays.
        if self._limits is not None and turn is not None and outcome != "timeout":
            await self._limits.settle(turn, 0, 0.0)

    async def answered(self, turn: Turn | None, completion: Completion) -> Completion:
        """Count what a completion took; returns it with its cost."""
        if not completion.cost:
            cost = self._prices.of(completion.prompt_tokens, completion.completion_tokens)
            completion = replace(completion, cost=cost)
        TOKENS.labels(self._provider, "prompt").inc(completion.prompt_tokens)
        TOKENS.labels(self._provider, "completion").inc(completion.completion_tokens)
        COST.labels(self._provider).inc(completion.cost)
        if self._limits is not None and turn is not None:
            await self._limits.settle(turn, completion.tokens, completion.cost)
        return completion

    async def recall(self, key: bytes) -> Completion | None:
        """The answer to the same question, if it is remembered."""
        if self._cache is None:
            return None
        found = await self._cache.get(key)
        CACHE.labels(self._provider, "miss" if found is None else "hit").inc()
        return found

    async def remember(self, key: bytes, completion: Completion) -> None:
        """Keep an answer that is worth it: one that was cut off or is empty is not."""
        if self._cache is not None and completion.text.strip() and not completion.truncated:
            await self._cache.put(key, completion)


def size_of(messages: Sequence[_Content]) -> int:
    """Bytes of a conversation."""
    return sum(len(str(message["content"]).encode()) for message in messages)
