"""Which posts say the same: near-identical wording, in whatever order and with whatever prefix.

Without scikit-learn, which takes longer to load than this takes: a build with a model should not wait for it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix

ALIKE = 0.6
"""Cosine of words and pairs of words from which two posts are one story in the same words."""

_WORD = re.compile(r"\w+")


def repetitions(texts: Sequence[str]) -> list[int]:
    """For each text the index of the first one that it repeats, or its own."""
    if len(texts) < 2:
        return list(range(len(texts)))
    vectors = _vectors(texts)
    alike = (vectors @ vectors.T).tocsr()
    firsts: list[int] = []
    for n in range(len(texts)):
        row = alike.getrow(n)
        close = [int(i) for i in row.indices[np.asarray(row.data) >= ALIKE] if i < n and firsts[int(i)] == i]
        firsts.append(min(close) if close else n)
    return firsts


def _vectors(texts: Sequence[str]) -> csr_matrix:
    """A row of length 1 for each text: logarithms of counts, rare features weigh more (TF-IDF)."""
    numbers: dict[str, int] = {}
    counts = [Counter(numbers.setdefault(feature, len(numbers)) for feature in _features(text)) for text in texts]
    used = Counter(number for count in counts for number in count)
    rarity = {number: np.log((1 + len(texts)) / (1 + times)) + 1 for number, times in used.items()}
    starts: list[int] = [0]
    columns: list[int] = []
    values: list[float] = []
    for count in counts:
        weights = np.array([(1 + np.log(times)) * rarity[number] for number, times in count.items()])
        columns += count.keys()
        values += list(weights / np.linalg.norm(weights))
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(texts), len(numbers)))


def _features(text: str) -> list[str]:
    words = _WORD.findall(text.casefold())
    # A text without words is like none but itself.
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))] or [text]
