"""What an answer cost."""

from typing import Self

from warren.contracts.base import Message


class Usage(Message):
    """Completions of a language model that went into a result, added up. All zero: no model was asked.

    `requests` counts completions that the endpoint gave, `cached` those that were remembered instead: they cost
    nothing. `cost` is in the currency of the endpoint's prices (OpenRouter: US dollars).
    """

    requests: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Self) -> "Usage":
        return Usage(
            requests=self.requests + other.requests,
            cached=self.cached + other.cached,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=self.cost + other.cost,
        )
