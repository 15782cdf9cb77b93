"""Which posts say the same: near-identical wording, in whatever order and with whatever prefix."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

ALIKE = 0.6
"""Cosine of words and pairs of words from which two posts are one story in the same words."""


_WORD = re.compile(r"\w+")


def repetitions(texts: Sequence[str]) -> list[int]:
    """For each text the index of the first one that it repeats, or its own."""
    if len(texts) < 2:
        return list(range(len(texts)))
    vectors = TfidfVectorizer(analyzer=_features, sublinear_tf=True).fit_transform(texts)
    alike = (vectors @ vectors.T).tocsr()
    firsts: list[int] = []
    for n in range(len(texts)):
        row = alike.getrow(n)
        close = [int(i) for i in row.indices[np.asarray(row.data) >= ALIKE] if i < n and firsts[int(i)] == i]
        firsts.append(min(close) if close else n)
    return firsts


def _features(text: str) -> list[str]:
    words = _WORD.findall(text.casefold())
    # A text without words is like none but itself.
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))] or [text]
