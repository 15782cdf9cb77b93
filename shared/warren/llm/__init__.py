"""A language model behind any OpenAI-compatible endpoint."""

from warren.llm.client import ChatMessage, LlmClient
from warren.llm.errors import LlmError, LlmRefused, LlmUnavailable
from warren.llm.reply import Completion
from warren.llm.settings import LlmSettings

__all__ = ["ChatMessage", "Completion", "LlmClient", "LlmError", "LlmRefused", "LlmSettings", "LlmUnavailable"]
