"""Summaries made of a post's own sentences: those that say most of what the whole says, in their order.

A sentence scores by its likeness to all others (LexRank by degree: Erkan, Radev, 2004), to the title, and by being
early, as news put the essence first.
"""

import re
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from digest.credits import without_credit, without_dateline
from digest.engines.words import tokens

LONGEST = 280
"""Characters of a summary's sentence."""
MOST_LOOKED_AT = 60
"""Sentences; what comes later in a long post is rarely its essence."""
MOST = 2
LEAD = 0.5
"""What being the first sentence is worth, beside likeness, which is at most 1; the second gets half of it."""

_ABBREVIATION = (
    r"(?<!\b[A-ZА-Я]\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bvs\.)(?<!\bNo\.)(?<!\bJr\.)(?<!\bSen\.)"
    r"(?<!\bGov\.)(?<!\bInc\.)(?<!\bLtd\.)(?<!\bCo\.)(?<!\bCorp\.)(?<!\bMrs\.)(?<!\bU\.S\.)(?<!\bг\.)(?<!\bул\.)"
)
_SENTENCE_END = re.compile(_ABBREVIATION + r"(?<=[.!?…])[\"'”»)]*\s+(?=[\"'“«(]*[A-ZА-ЯЁ0-9])|\n+|(?<=[。！？؟])\s*")


def summaries(posts: Sequence[tuple[str, str]]) -> list[list[str]]:
    """One or two sentences for each (title, text), never none."""
    return [summary(title, text) for title, text in posts]


def summary(title: str, text: str) -> list[str]:
    sentences = split(without_dateline(text))[:MOST_LOOKED_AT]
    if not sentences:
        return [shortened(without_credit(title) or text or "…")]
    wanted = 1 if len(sentences) < 4 and len(sentences[0]) > 60 else MOST
    best = sorted(np.argsort(-_scores(title, sentences), kind="stable")[:wanted])
    return [shortened(sentences[int(n)]) for n in best]


def split(text: str) -> list[str]:
    """Sentences with some words in them."""
    parts = (" ".join(part.split()) for part in _SENTENCE_END.split(text) if part)
    return [part for part in parts if len(part) >= 3 and any(c.isalnum() for c in part)]


def shortened(sentence: str) -> str:
    """Cut between two words where it is too long."""
    if len(sentence) <= LONGEST:
        return sentence
    return f"{sentence[:LONGEST].rsplit(' ', 1)[0].rstrip(' ,;:-')}…"


def _scores(title: str, sentences: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    lead = LEAD / np.arange(1, len(sentences) + 1)
    documents = [tokens(sentence) for sentence in (*sentences, title)]
    if not any(documents):
        return lead
    vectors = TfidfVectorizer(analyzer=lambda document: document).fit_transform(documents)
    alike = np.asarray((vectors @ vectors.T).todense())
    own = alike[:-1, :-1]
    central = (own.sum(axis=1) - own.diagonal()) / max(1, len(sentences) - 1)
    return np.asarray(central + alike[:-1, -1] + lead)
