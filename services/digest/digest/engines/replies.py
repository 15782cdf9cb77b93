"""Reads a model's reply: what is not about exactly one asked post, in the asked form, is not an answer."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from digest.engines.base import Answer, Text

LEAKED_WORDS = 8
"""So many words in a row that stand in the prompt, and not in the post, are no coincidence."""

_FENCE = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")
_WORD = re.compile(r"\w+")


class Reply(BaseModel):
    """One answer as the model wrote it."""

    id: str
    category: str | None = None
    sentences: list[str] = Field(default_factory=list)


class _Document(BaseModel):
    answers: list[object]


_DOCUMENT = TypeAdapter(_Document)
Judge = Callable[[Reply, Text], Answer | None]


def read(reply: str, labels: Sequence[str], texts: Sequence[Text], judge: Judge) -> tuple[dict[str, Answer], int]:
    """Valid answers by post id, and how many were about no post or about one twice: then neither is believed."""
    known = dict(zip(labels, texts, strict=True))
    replies = _replies(reply)
    counts = Counter(answer.id for answer in replies)
    invented = sum(1 for answer in replies if answer.id not in known or counts[answer.id] > 1)
    found: dict[str, Answer] = {}
    for answer in replies:
        text = known.get(answer.id)
        if text is None or counts[answer.id] > 1:
            continue
        judged = judge(answer, text)
        if judged is not None:
            found[text.id] = judged
    return found, invented


def _replies(text: str) -> list[Reply]:
    try:
        document = _DOCUMENT.validate_json(_FENCE.sub("", text))
    except ValidationError:
        return []
    replies = []
    for item in document.answers:
        try:
            replies.append(Reply.model_validate(item))
        except ValidationError:
            continue
    return replies


def leaks(answer: str, prompt: str, post: str) -> bool:
    """Whether the answer repeats the prompt, as a post may have told the model to do."""
    own = _runs(post)
    return bool((_runs(answer) & _runs(prompt)) - own)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[n : n + LEAKED_WORDS]) for n in range(len(words) - LEAKED_WORDS + 1)}
