"""Who writes the code that answers a question: the built-in planner or a language model."""

from analyzer.engines.base import Engine, Proposal
from analyzer.engines.llm import LlmEngine
from analyzer.engines.local import LocalEngine

__all__ = ["Engine", "LlmEngine", "LocalEngine", "Proposal"]
