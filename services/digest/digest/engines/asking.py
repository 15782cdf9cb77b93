"""Asks an engine until every post has its answer: what it skipped is asked again in smaller parts, at last locally."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import structlog

from digest.engines.base import Answer, Answers, Brief, Engine, Text
from warren.contracts.usage import Usage
from warren.errors import TransientError
from warren.llm import LlmError

log = structlog.get_logger(__name__)

Step = Literal["categorize", "summarize"]
Keep = Callable[[Mapping[str, Answer]], Awaitable[None]]
TRIES_ALONE = 2
"""How often a post that got no valid answer is asked about alone before the local engine answers."""


@dataclass
class Asked:
    """What it took. `invalid` counts posts that were skipped, merged or answered wrongly the first time, and answers
    about posts that do not exist."""

    invalid: int = 0
    usage: Usage = field(default_factory=Usage)
    warnings: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Engines:
    """`llm` is None without a key."""

    local: Engine
    llm: Engine | None = None

    def chosen(self, wanted: str) -> Engine:
        """The first to ask. Raises `TransientError` when a model is demanded and none is there."""
        if wanted == "llm" and self.llm is None:
            raise TransientError("llm.not_configured", "No language model is configured.")
        return self.local if wanted == "local" or self.llm is None else self.llm

    async def ask(self, step: Step, wanted: str, brief: Brief, texts: Sequence[Text], keep: Keep) -> Asked:
        """Have `keep` store an answer about every post. Raises `TransientError` only if a model is demanded."""
        asked = Asked()
        engine = self.chosen(wanted)
        parts = [(list(texts), 1)] if texts else []
        first = True
        while parts:
            part, tries = parts.pop()
            answers = await self._answers(step, engine, replace(brief, attempt=tries), part, asked)
            if answers is None:
                if wanted == "llm":
                    raise TransientError("llm.unavailable", "The language model cannot be had now.")
                engine = self.local
                parts.append((part, 1))
                continue
            await keep(answers.by_post)
            asked.usage += answers.usage
            left = [text for text in part if text.id not in answers.by_post]
            if first:
                asked.invalid += len(left)
            asked.invalid += answers.invented
            first = False
            parts += _smaller(left, len(part), tries)
            if len(part) == 1 and left and tries >= TRIES_ALONE:
                await keep((await _call(step, self.local, brief, left)).by_post)
                asked.warnings.add("Where the model gave no valid answer, the local engine did.")
        return asked

    async def _answers(
        self, step: Step, engine: Engine, brief: Brief, part: list[Text], asked: Asked
    ) -> Answers | None:
        """None when the model cannot be had."""
        try:
            return await _call(step, engine, brief, part)
        except LlmError as error:
            log.warning("llm_given_up", step=step, posts=len(part), error=error.message)
            asked.warnings.add(f"{error.message} The local engine stood in.")
            return None


async def _call(step: Step, engine: Engine, brief: Brief, part: list[Text]) -> Answers:
    return await (engine.categorize if step == "categorize" else engine.summarize)(brief, part)


def _smaller(left: list[Text], of: int, tries: int) -> list[tuple[list[Text], int]]:
    """The parts to ask next about posts without an answer: halves of what was asked, down to single posts."""
    if not left:
        return []
    if of == 1:
        return [(left, tries + 1)] if tries < TRIES_ALONE else []
    size = max(1, of // 2)
    return [(left[start : start + size], 1) for start in range(0, len(left), size)]
