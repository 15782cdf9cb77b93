"""The engine that needs no model: it sorts by the words of the bot's categories and takes sentences from the posts."""

from collections.abc import Awaitable, Callable, Sequence

from digest.engines import crunched
from digest.engines.base import NO_CATEGORY, Answer, Answers, Brief, Text
from warren.worker.cruncher import Cruncher

Corpus = Callable[[str], Awaitable[list[str]]]
"""Posts that a bot reads, from which the engine learns which words go together."""


class LocalEngine:
    """Always answers about every post."""

    name = "local"

    def __init__(self, cruncher: Cruncher, corpus: Corpus) -> None:
        self._cruncher = cruncher
        self._corpus = corpus

    async def categorize(self, brief: Brief, texts: Sequence[Text]) -> Answers:
        given = [text.whole for text in texts]
        key = f"{brief.corpus} {hash((brief.categories, brief.categorization_prompt))}"
        found = await self._cruncher.run(crunched.sort_known, key, given)
        if found is None:
            corpus = await self._corpus(brief.corpus)
            prompt = brief.categorization_prompt
            found = await self._cruncher.run(crunched.sort, key, brief.categories, prompt, corpus, given)
        answers = {
            text.id: Answer(category=category, reason="" if category else NO_CATEGORY, engine=self.name)
            for text, category in zip(texts, found, strict=True)
        }
        return Answers(answers)

    async def summarize(self, _brief: Brief, texts: Sequence[Text]) -> Answers:
        found = await self._cruncher.run(crunched.summaries, [(text.title, text.text) for text in texts])
        return Answers(
            {
                text.id: Answer(sentences=tuple(sentences), engine=self.name)
                for text, sentences in zip(texts, found, strict=True)
            }
        )
