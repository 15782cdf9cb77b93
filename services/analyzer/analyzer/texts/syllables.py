"""Syllables of words."""

import re
from functools import lru_cache

VOWELS_RU = frozenset("аеёиоуыэюя")
_VOWELS_EN = re.compile(r"[aeiouy]+")
_SILENT_EN = re.compile(r"(?:[^aeiouyl]|[aeiouy]l)e$|[^aeiouytd]ed$|[^aeiouyscxzgh]es$")


@lru_cache(maxsize=65_536)
def english(word: str) -> int:
    """Groups of vowels without a silent e at the end, at least one: an approximation by spelling."""
    return max(1, len(_VOWELS_EN.findall(word)) - bool(_SILENT_EN.search(word)))


@lru_cache(maxsize=65_536)
def russian(word: str) -> int:
    """Vowels, which is exact; 0 for the prepositions в, к and с, which have no syllable of their own."""
    return sum(letter in VOWELS_RU for letter in word)
