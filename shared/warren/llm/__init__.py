"""A language model behind any OpenAI-compatible endpoint."""

from warren.llm.client import ChatMessage, LlmClient, OnPart
from warren.llm.errors import LlmBudgetSpent, LlmError, LlmInvalidReply, LlmRefused, LlmUnavailable
from warren.llm.reply import Completion
from warren.llm.settings import LlmSettings
from warren.llm.structured import ask_for, without_thoughts
from warren.llm.wiring import connect

__all__ = [
    "ChatMessage",
    "Completion",
    "LlmBudgetSpent",
    "LlmClient",
    "LlmError",
    "LlmInvalidReply",
    "LlmRefused",
    "LlmSettings",
    "LlmUnavailable",
    "OnPart",
    "ask_for",
    "connect",
    "without_thoughts",
]
