"""Words without their endings. English and Russian."""

import functools
import re
from typing import Any

import snowballstemmer

_CYRILLIC = re.compile(r"[а-яё]")


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Of a lower-case word, by its alphabet."""
    stemmer = _stemmer("russian" if _CYRILLIC.search(word) else "english")
    return str(stemmer.stemWord(word.replace("ё", "е")))


@functools.cache
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(language)
