"""Keywords of a text."""

from collections import Counter
from functools import cache, lru_cache
from typing import Any

import snowballstemmer
import stopwordsiso

MOST = 5
_SHORTEST = 3
_STEMMERS = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "ru": "russian",
}


def keywords(words: Counter[str], language: str | None) -> tuple[str, ...]:
    """At most five: the words that occur most often and are no stop words, earlier ones first among equals.

    Frequency as significance: H. P. Luhn, "The Automatic Creation of Literature Abstracts", IBM Journal 2(2), 1958.
    Forms of one stem (Snowball) count together and are shown as the most frequent of them. Empty for a language of
    which `stopwordsiso` has no stop words.
    """
    stops = stop_words(language or "")
    if not stops:
        return ()
    counts = {word: count for word, count in words.items() if word not in stops and len(word) >= _SHORTEST}
    stems: dict[str, int] = {}
    shown: dict[str, str] = {}
    for word, count in counts.items():
        stem = _stem(word, language or "")
        stems[stem] = stems.get(stem, 0) + count
        if stem not in shown or count > counts[shown[stem]]:
            shown[stem] = word
    return tuple(shown[stem] for stem in sorted(stems, key=lambda stem: -stems[stem])[:MOST])


@cache
def stop_words(language: str) -> frozenset[str]:
    """Those of one language, by its ISO 639-1 code; none for a language that is not known."""
    return frozenset(stopwordsiso.stopwords(language)) if language else frozenset()


@cache
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(_STEMMERS[language])


@lru_cache(maxsize=65_536)
def _stem(word: str, language: str) -> str:
    return str(_stemmer(language).stemWord(word)) if language in _STEMMERS else word
