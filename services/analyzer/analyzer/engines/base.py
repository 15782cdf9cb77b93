"""What an engine is: something that turns a question about a table into code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from analyzer.frames import FrameProfile
from warren.contracts.analyzer import Attempt, Turn
from warren.contracts.usage import Usage


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an engine offers. Exactly one of `code`, `unanswerable` and `problem` is not empty.

    `unanswerable` is a sentence for the user: why this file cannot answer. `problem` says why the engine's own reply
    holds no code that could be run; the next try is shown it.
    """

    code: str = ""
    unanswerable: str = ""
    problem: str = ""
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


class Engine(Protocol):
    """Turns questions into code. `name` is what a report calls it: `local` or `llm:<model>`."""

    @property
    def name(self) -> str: ...

    @property
    def repairs(self) -> bool:
        """Whether another try may do better than the failed ones it is shown."""

    async def propose(
        self, question: str, profile: FrameProfile, history: Sequence[Turn], failures: Sequence[Attempt]
    ) -> Proposal:
        """Code for the question. `failures` are the earlier tries at it, oldest first.

        Raises `LlmError` when the engine needs a model and cannot have it.
        """
