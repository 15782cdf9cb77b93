"""The language model as an engine: JSON answers, of which only those are believed that fit what was asked."""

import asyncio
from collections.abc import Sequence

from digest.engines import wording
from digest.engines.base import NO_CATEGORY, Answer, Answers, Brief, Text
from digest.engines.replies import Reply, leaks, read
from warren.llm import ChatMessage, Completion, LlmClient

LONGEST_SENTENCE = 600
MOST_SENTENCES = 4
PATIENCE_SECONDS = 200.0
"""How long a batch waits for its turn under the limits that all workers share."""
NONE = {"none", "null", "other", ""}


class LlmEngine:
    """Has up to `calls` requests under way. Raises `warren.llm.LlmError` when the endpoint cannot be had."""

    name = "llm"

    def __init__(self, client: LlmClient, calls: int) -> None:
        self._client = client
        self._places = asyncio.Semaphore(calls)

    async def categorize(self, brief: Brief, texts: Sequence[Text]) -> Answers:
        labels = wording.labels(brief, texts)
        completion = await self._ask("digest.categorize", wording.categorizing(brief), wording.posts(texts, labels))
        names = {category.name.casefold().strip(): category.name for category in brief.categories}

        def judge(reply: Reply, _text: Text) -> Answer | None:
            given = str(reply.category or "").casefold().strip()
            if given in NONE:
                return Answer(reason=NO_CATEGORY, engine=self.name)
            return Answer(category=names[given], engine=self.name) if given in names else None

        return _answers(completion, read(completion.text, labels, texts, judge))

    async def summarize(self, brief: Brief, texts: Sequence[Text]) -> Answers:
        labels = wording.labels(brief, texts)
        secret = wording.summarizing(brief)
        completion = await self._ask("digest.summarize", secret, wording.posts(texts, labels))

        def judge(reply: Reply, text: Text) -> Answer | None:
            sentences = tuple(" ".join(sentence.split()) for sentence in reply.sentences if sentence.strip())
            fits = 0 < len(sentences) <= MOST_SENTENCES and all(len(s) <= LONGEST_SENTENCE for s in sentences)
            if not fits or leaks(" ".join(sentences), secret, text.whole):
                return None
            return Answer(sentences=sentences, engine=self.name)

        return _answers(completion, read(completion.text, labels, texts, judge))

    async def _ask(self, purpose: str, system: str, user: str) -> Completion:
        messages: list[ChatMessage] = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        return await self._client.complete(messages, purpose=purpose, patience=PATIENCE_SECONDS, places=self._places)


def _answers(completion: Completion, found: tuple[dict[str, Answer], int]) -> Answers:
    by_post, invented = found
    return Answers(by_post, invented, completion.usage)
