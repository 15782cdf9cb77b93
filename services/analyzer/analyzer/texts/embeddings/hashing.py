"""Vectors without a model: words and their character n-grams, hashed.

K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009: each feature adds its weight,
with a hashed sign, to a hashed dimension, so that inner products are those of the bags of features, in expectation.
Words are taken apart into n-grams as by P. Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL
2017, so that forms of one word are alike without a stemmer of its language. Weights are integers and sums of integers
are exact: the same text has the same vector in every batch, process and machine.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import FeatureHasher

from analyzer.texts.embeddings.base import Vectors
from analyzer.texts.embeddings.normal import normalised
from analyzer.texts.embeddings.settings import EmbeddingSettings
from analyzer.texts.reading import repaired, words_of
from analyzer.texts.topics import stop_words

GRAMS = (3, 4)
WORD_WEIGHT = 4
"""A word weighs as much as four of its n-grams."""
KNOWN_WORDS = 50_000
"""Words whose features are kept (some 1 kB each at most); more are worked out again."""
_PIECE = re.compile(r"\S{1,64}")

_Features = tuple[NDArray[np.int32], NDArray[np.float64]]


class HashingEmbedder:
    """The default: needs nothing but scikit-learn. Of a text, its first `LONGEST` characters."""

    name = "hashing"
    version = "1"

    def __init__(self, settings: EmbeddingSettings) -> None:
        self.dimensions = settings.embedding_dimensions
        self._hasher = FeatureHasher(n_features=self.dimensions, input_type="pair", dtype=np.float64)
        self._known: dict[str, _Features] = {}
        # Of two languages: a stop word of one is often a word of meaning in another.
        self._stops = stop_words("en") | stop_words("ru")

    def embed(self, texts: Sequence[str]) -> Vectors:
        counted = [Counter(self._words(text)) for text in texts]
        self._learn({word for counts in counted for word in counts})
        sums = np.zeros((len(counted), self.dimensions))
        for place, counts in enumerate(counted):
            if counts:
                sums[place] = self._sum(counts)
        return normalised(sums)

    def _words(self, text: str) -> list[str]:
        content = repaired(text)
        words = words_of(content)
        telling = [word for word in words if word not in self._stops]
        return telling or words or _PIECE.findall(content)

    def _sum(self, counts: Counter[str]) -> NDArray[np.float64]:
        features = [self._known[word] for word in counts]
        places = np.concatenate([place for place, _ in features])
        weights = np.concatenate([weight for _, weight in features])
        sizes = [len(place) for place, _ in features]
        weights *= np.repeat([_damped(count) for count in counts.values()], sizes)
        return np.bincount(places, weights, minlength=self.dimensions).astype(np.float64, copy=False)

    def _learn(self, words: Iterable[str]) -> None:
        """Work out the features of the words that are not known yet."""
        if len(self._known) > KNOWN_WORDS:
            self._known.clear()
        new = [word for word in words if word not in self._known]
        if not new:
            return
        hashed = self._hasher.transform(map(_features, new))
        ends = hashed.indptr.tolist()
        for word, start, end in zip(new, ends, ends[1:], strict=False):
            self._known[word] = (hashed.indices[start:end].copy(), hashed.data[start:end].copy())


def _features(word: str) -> Iterable[tuple[str, int]]:
    marked = f"<{word}>"
    grams = (marked[start : start + size] for size in GRAMS for start in range(len(marked) - size + 1))
    return chain([(f"={word}", WORD_WEIGHT)], zip(grams, repeat(1), strict=False))


@cache
def _damped(count: int) -> int:
    """Sublinear term frequency, 1 + ln(count), in sixteenths."""
    return round(16 * (1 + math.log(count)))
