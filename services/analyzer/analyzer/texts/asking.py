"""Asking a language model about the texts of a chunk."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from analyzer.texts import llm
from analyzer.texts.llm import LlmAnalyst
from analyzer.texts.store.texts import NewText
from warren.contracts.texts import LlmAnalysis
from warren.contracts.usage import Usage
from warren.llm import LlmError, LlmInvalidReply, LlmUnavailable

BEAT_SECONDS = 30.0


@dataclass
class Asked:
    """What became of them, by track id."""

    answers: dict[str, tuple[NewText, LlmAnalysis]] = field(default_factory=dict)
    failures: dict[str, LlmError] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)

    async def ask(self, analyst: LlmAnalyst, texts: Iterable[NewText], beat: Callable[[], Awaitable[None]]) -> None:
        """About those that were not asked about before. `beat` is called all the while."""
        left = {
            asyncio.create_task(self._ask(analyst, text))
            for text in texts
            if text.track_id not in self.answers and text.track_id not in self.failures
        }
        try:
            while left:
                done, left = await asyncio.wait(left, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
                for task in done:
                    task.result()
                await beat()
        finally:
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _ask(self, analyst: LlmAnalyst, text: NewText) -> None:
        try:
            analysis, usage = await analyst.analyze(text.text, bulk=True)
        except LlmError as error:
            self.failures[text.track_id] = error
            usage = error.usage if isinstance(error, LlmInvalidReply) else Usage()
        else:
            self.answers[text.track_id] = text, analysis
        self.usage += usage

    def raise_if_away(self) -> None:
        """Raises `TransientError` if the model could not be had for a text: it may be there again soon."""
        for error in self.failures.values():
            if isinstance(error, LlmUnavailable):
                raise llm.refused(error) from error
