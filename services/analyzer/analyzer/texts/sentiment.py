"""Whether a text sounds positive or negative. English only: no kept-up lexicon of Russian comes as a package."""

import math
from importlib.resources import files

from analyzer.texts.reading import Text

_NEGATIONS = frozenset(
    {
        *("no", "not", "never", "none", "nobody", "nothing", "nor", "neither", "nowhere"),
        *("cannot", "without", "hardly", "rarely", "seldom", "ain't"),
    }
)
_NEGATION = -0.74
_REACH = 3
_ALPHA = 15


class SentimentLexicon:
    """The lexicon of VADER, and its negation and normalisation.

    C. Hutto, E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", ICWSM
    2014: raters' mean valence of 7,500 words, times -0.74 within three words after a negation; the sum s of a line
    becomes s / sqrt(s² + 15). Boosters, capitals and signs, which VADER weighs too, are left out.
    """

    def __init__(self) -> None:
        table = files("vaderSentiment").joinpath("vader_lexicon.txt").read_text(encoding="utf-8")
        rows = (line.split("\t") for line in table.splitlines() if line)
        self._valences = {row[0]: float(row[1]) for row in rows}

    def polarity(self, text: Text, language: str | None) -> float | None:
        """Mean of the lines with words, -1 to 1; None without any and for languages other than English."""
        if language != "en":
            return None
        lines = [self._line(words) for words in text.words if words]
        return sum(lines) / len(lines) if lines else None

    def _line(self, words: list[str]) -> float:
        total = 0.0
        for place, word in enumerate(words):
            if word in self._valences:
                before = words[max(0, place - _REACH) : place]
                total += self._valences[word] * (_NEGATION if any(map(_negates, before)) else 1)
        return total / math.sqrt(total * total + _ALPHA)


def _negates(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't")
