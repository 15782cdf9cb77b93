"""How easy a text is to read.

`206.835 - a * words per sentence - b * syllables per word`, higher is easier:

- English: a = 1.015, b = 84.6. R. Flesch, "A New Readability Yardstick", Journal of Applied Psychology 32(3), 1948.
- Russian: a = 1.3, b = 60.1. И. В. Оборнева, «Автоматизированная оценка сложности учебных текстов на основе
  статистических параметров», Москва 2006.

A line ends a sentence too, since verse has little punctuation.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from analyzer.texts import syllables
from analyzer.texts.reading import Text

# Ends within a line; the line's own end is counted with the line.
_END = re.compile(r"[.!?…][\"'»”)]*[ \t]+(?=[^\W_])")


@dataclass(frozen=True, slots=True)
class _Formula:
    sentence: float
    word: float
    syllables: Callable[[str], int]


_FORMULAS = {"en": _Formula(1.015, 84.6, syllables.english), "ru": _Formula(1.3, 60.1, syllables.russian)}


def reading_ease(text: Text, language: str | None) -> float | None:
    """Flesch reading ease; None without words and for languages other than English and Russian."""
    formula = _FORMULAS.get(language or "")
    if formula is None or not text.all_words:
        return None
    sentences = sum(map(bool, text.words)) + len(_END.findall(text.content))
    words = len(text.all_words)
    per_word = sum(formula.syllables(word) * count for word, count in text.counts.items()) / words
    return 206.835 - formula.sentence * words / sentences - formula.word * per_word
