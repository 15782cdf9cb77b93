"""A language model behind any OpenAI-compatible endpoint."""

from warren.llm.client import ChatMessage, LlmClient, OnPart
from warren.llm.errors import LlmBudgetSpent, LlmError, LlmRefused, LlmUnavailable
from warren.llm.reply import Completion
from warren.llm.settings import LlmSettings
from warren.llm.wiring import connect

__all__ = [
    "ChatMessage",
    "Completion",
    "LlmBudgetSpent",
    "LlmClient",
    "LlmError",
    "LlmRefused",
    "LlmSettings",
    "LlmUnavailable",
    "OnPart",
    "connect",
]
