"""A text as all features read it: repaired, cut, and split into verses, lines and words once."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import chain

LONGEST = 100_000
"""Characters analysed; a song has some 2,000. What lies behind them changes no number of interest, but takes time."""

# A run of letters longer than any word is cut, so that whatever is kept of a word has a bounded size.
_WORD = re.compile(r"[^\W\d_]{1,64}(?:['-][^\W\d_]{1,64})?")


@dataclass(frozen=True, slots=True)
class Text:
    """`words` are those of each line, in lower case; `verses` counts the lines of each, `counts` the words of all."""

    content: str
    characters: int
    lines: list[str]
    verses: list[int]
    words: list[list[str]]
    all_words: list[str]
    counts: Counter[str]


def repaired(text: str) -> str:
    """At most `LONGEST` characters in normal form C, broken surrogates replaced: what any encoder takes."""
    text = text[:LONGEST]
    if text.isascii():
        return text
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text).replace("’", "'")


def words_of(text: str) -> list[str]:
    """Runs of letters in lower case, with one apostrophe or hyphen inside; digits and signs are no words.

    Scripts that write no spaces give whole phrases, and vowel signs of Indic scripts split words.
    """
    return _WORD.findall(text.lower())


def read(text: str) -> Text:
    """Any text, also an empty one."""
    content = repaired(text)
    lines: list[str] = []
    verses: list[int] = []
    before = ""
    for line in content.splitlines():
        stripped = line.strip()
        if stripped:
            lines.append(stripped)
            if not before:
                verses.append(0)
            verses[-1] += 1
        before = stripped
    words = [words_of(line) for line in lines]
    all_words = list(chain.from_iterable(words))
    return Text(content, len(text), lines, verses, words, all_words, Counter(all_words))
