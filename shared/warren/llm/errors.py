"""Why a completion could not be had. No message ever holds the key or the prompt."""

from warren.contracts.usage import Usage
from warren.errors import WarrenError


class LlmError(WarrenError):
    """Base of all; `provider` is the host of the endpoint."""

    def __init__(self, provider: str, message: str) -> None:
        super().__init__(message)
        self.provider = provider
        self.message = message


class LlmUnavailable(LlmError):
    """The endpoint is down, too slow, rate-limited or talks nonsense, after every retry the client may make.

    `outcome` is the last failure as `warren_provider_requests_total` counts it, or `limited`: our own limits leave no
    room in time. `retry_after` is the wait in seconds that the endpoint, or our limit, asks for, if one does.
    """

    def __init__(
        self, provider: str, message: str, *, outcome: str = "network", retry_after: float | None = None
    ) -> None:
        super().__init__(provider, message)
        self.outcome = outcome
        self.retry_after = retry_after


class LlmBudgetSpent(LlmError):
    """`WARREN_LLM_MONEY_PER_DAY`, here `budget`, is spent: until midnight UTC only local engines answer."""

    def __init__(self, provider: str, budget: float) -> None:
        super().__init__(provider, f"the day's budget for language models ({budget:g}) is spent")
        self.budget = budget


class LlmRefused(LlmError):
    """The endpoint understood and said no (a bad key, an unknown model, no credit): trying again would not help."""

    def __init__(self, provider: str, message: str, *, status: int) -> None:
        super().__init__(provider, message)
        self.status = status


class LlmInvalidReply(LlmError):
    """The model answered, and when asked again too, with something else than was asked for. `usage`: what that cost."""

    def __init__(self, provider: str, message: str, *, usage: Usage) -> None:
        super().__init__(provider, message)
        self.usage = usage
