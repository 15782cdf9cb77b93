"""Sorts texts into categories by words alone, without a single labelled example.

Each category begins with the words of its name, keywords, description, its lines of the prompt, and of the topics of
the lexicon that these mention. Expectation-maximization then lets a naive Bayes model learn from the bot's own posts
which other words go with them (Nigam, McCallum, Thrun, Mitchell, 2000; seed words stand in for its labelled examples).
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from digest.engines.lexicon import TOPICS, Topic
from digest.engines.words import tokens
from warren.contracts.digest_records import Category

NAME_WEIGHT, KEYWORD_WEIGHT, DESCRIPTION_WEIGHT, PROMPT_WEIGHT, TOPIC_WEIGHT = 3.0, 3.0, 3.0, 1.5, 1.0
TEMPERATURE = 4.0
"""How far the seed words alone convince at first: higher is less."""
SMOOTHING = 1.0
ROUNDS = 6
OUTSIDE = 2
"""Words of a topic that no category means, from which a text belongs to none, if any category has less than half."""
REMEMBERED = 8
"""Models kept, one for each bot in use."""

Array = NDArray[np.float64]


class Sorter:
    """A model of one bot's categories. `corpus` are posts to learn from."""

    def __init__(
        self, categories: Sequence[Category], prompt: str, corpus: Sequence[str], *, rounds: int = ROUNDS
    ) -> None:
        self.names = [category.name for category in categories]
        seeds = [seed_words(category, prompt, categories) for category in categories]
        self._seeds = [frozenset(seed) for seed in seeds]
        self._outside = [
            frozenset(tokens(topic.words)).difference(*self._seeds)
            for topic in TOPICS
            if not any(_means(category, topic) for category in categories)
        ]
        self._vectors = CountVectorizer(analyzer=_features, binary=True)
        self._vectors.fit([*corpus, *(" ".join(seed) for seed in seeds)])
        self._seed_weights = self._weigh(seeds, self._vectors.transform(corpus))
        self._log_words = np.zeros(self._seed_weights.shape)
        self._log_shares = np.zeros(len(seeds))
        self._learn(self._vectors.transform(corpus), rounds)

    def _weigh(self, seeds: Sequence[Mapping[str, float]], counts: csr_matrix) -> Array:
        """Rare seed words weigh more, and those that several categories claim less."""
        vocabulary: dict[str, int] = self._vectors.vocabulary_
        claimed = Counter(word for seed in seeds for word in seed)
        weights = np.zeros((len(seeds), len(vocabulary)))
        for n, seed in enumerate(seeds):
            for word, weight in seed.items():
                if word in vocabulary:
                    weights[n, vocabulary[word]] = weight / claimed[word]
        documents = counts.shape[0]
        return np.asarray(weights * (np.log((1 + documents) / (1 + np.asarray(counts.sum(axis=0)))) + 1))

    def _learn(self, counts: csr_matrix, rounds: int) -> None:
        for _ in range(rounds):
            belief = _softmax(self._scores(counts))
            expected = np.asarray((counts.T @ belief).T) + SMOOTHING
            self._log_words = np.log(expected / expected.sum(axis=1, keepdims=True))
            self._log_shares = np.log((belief.sum(axis=0) + 1) / (len(belief) + len(self.names)))

    def _scores(self, counts: csr_matrix) -> Array:
        told = counts @ self._seed_weights.T / TEMPERATURE
        return np.asarray(told + counts @ self._log_words.T + self._log_shares)

    def sort(self, texts: Sequence[str]) -> list[str | None]:
        """The name of the best category for each text; None where it is about something else."""
        best = self._scores(self._vectors.transform(texts)).argmax(axis=1)
        return [
            None if self._is_outside(set(tokens(text))) else self.names[int(n)]
            for text, n in zip(texts, best, strict=True)
        ]

    def _is_outside(self, words: set[str]) -> bool:
        own = max(len(words & seed) for seed in self._seeds)
        other = max((len(words & topic) for topic in self._outside), default=0)
        return not words or (other >= OUTSIDE and other > 2 * own)


def seed_words(category: Category, prompt: str, categories: Sequence[Category]) -> dict[str, float]:
    """Stems with their weights."""
    weights: dict[str, float] = {}
    parts = [
        (category.name, NAME_WEIGHT),
        (" ".join(category.keywords), KEYWORD_WEIGHT),
        (category.description, DESCRIPTION_WEIGHT),
        (_lines_about(category, prompt, categories), PROMPT_WEIGHT),
        *((topic.words, TOPIC_WEIGHT) for topic in TOPICS if _means(category, topic)),
    ]
    for text, weight in parts:
        for word in set(tokens(text)):
            weights[word] = max(weights.get(word, 0.0), weight)
    return weights


def _means(category: Category, topic: Topic) -> bool:
    said = set(tokens(f"{category.name} {' '.join(category.keywords)} {category.description}"))
    return bool(said & set(tokens(topic.names)))


def _lines_about(category: Category, prompt: str, categories: Sequence[Category]) -> str:
    """Sentences of the prompt that name this category and no other."""
    found = []
    for line in re.split(r"[\n.;]", prompt):
        named = [other.name for other in categories if other.name.casefold() in line.casefold()]
        if named == [category.name]:
            found.append(line)
    return " ".join(found)


def _features(text: str) -> list[str]:
    """Its words, and its pairs of words."""
    words = tokens(text)
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))]


def _softmax(scores: Any) -> Array:
    scores = np.asarray(scores)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


_known: OrderedDict[str, Sorter] = OrderedDict()


def sort_known(key: str, texts: Sequence[str]) -> list[str | None] | None:
    """As `sort`, if this process still has the model of this key; else None."""
    sorter = _known.get(key)
    return sorter.sort(texts) if sorter is not None else None


def sort(
    key: str, categories: Sequence[Category], prompt: str, corpus: Sequence[str], texts: Sequence[str]
) -> list[str | None]:
    """Make the model, remember it under `key`, and sort."""
    _known[key] = Sorter(categories, prompt, [*corpus, *texts])
    if len(_known) > REMEMBERED:
        _known.popitem(last=False)
    return _known[key].sort(texts)
