"""How densely the ends of lines rhyme, judged by spelling.

After the rhyme density of H. Hirjee, D. Brown, "Using Automated Rhyme Detection to Characterize Rhyming Style in Rap
Music", Empirical Musicology Review 5(4), 2010, but of lines instead of syllables, and with two approximations in place
of a pronouncing dictionary:

- English: words rhyme when they are spelled alike from the last vowel on, after common spellings of one sound are made
  one (night, bite; day, they). A weak last syllable (-ing, -er, -y …) takes the syllable before it along.
- Russian: the stress is not written, so words rhyme when their last syllables sound alike after reduction of
  vowels and final devoicing; an open syllable with the consonant before it. Stress elsewhere is not noticed: мама and
  дома pass for a rhyme.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from analyzer.texts.reading import Text

WINDOW = 3
"""Lines between which a rhyme is heard: those of ABBA are three apart."""

_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*pairs: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern), sound) for pattern, sound in pairs)


# Capitals are sounds: A as in day, E as in see, I as in my, O as in go, U as in blue, W as in thought.
_ENGLISH = _rules(
    (r"'s$|'$", "s"),
    (r"(?:ough|augh)(?=t)", "W"),
    (r"eigh|aigh", "A"),
    (r"igh", "I"),
    (r"a([bcdfgklmnpstvz]+)e(s?)$", r"A\1\2"),
    (r"[ie]([bcdfgklmnpstvz]+)e(s?)$", r"I\1\2"),
    (r"o([bcdfgklnpstz]+)e(s?)$", r"O\1\2"),
    (r"u([bcdfgklmnpstz]+)e(s?)$", r"U\1\2"),
    (r"ai|ay|ey$", "A"),
    (r"ee|ea", "E"),
    (r"(?<=^[bcdfghklmnprstvw])e$|(?<=^[sw]h)e$|(?<=^th)e$", "E"),
    (r"(?:ie|ye|uy)$|(?<=^[bcdfghklmnprstvw])y$|(?<=^[a-z][hklrw])y$", "I"),
    (r"oa|oe$|ow$", "O"),
    (r"(?<=^[gns])o$", "O"),
    (r"oo|ew|ue$|ui", "U"),
    (r"([b-df-hj-np-tv-z])\1", r"\1"),
    (r"ck", "k"),
    (r"(?<=[a-zA-Z])e$", ""),
)
_VOWELS = re.compile(r"[aeiouyAEIOUW]+")
_WEAK = re.compile(r"^(?:ings?|in|ers?|ors?|ed|es|y|ies|en|on|ions?|les?|al|ent|ence|ow|O)$")

_RUSSIAN = _rules(
    (r"[ьъ-]", ""),
    (r"[её]го$", "ево"),
    (r"ого$", "ово"),
    (r"тся$", "ца"),
    (r"ё", "о"),
    (r"я", "а"),
    (r"ю", "у"),
    (r"[еиэы](?=[^аоуеиэы]*$)", "и"),
    (r"[бп](?=[^аоуи]*$)", "п"),
    (r"[вф](?=[^аоуи]*$)", "ф"),
    (r"[гк](?=[^аоуи]*$)", "к"),
    (r"[дт](?=[^аоуи]*$)", "т"),
    (r"[жш](?=[^аоуи]*$)", "ш"),
    (r"[зс](?=[^аоуи]*$)", "с"),
)
_LAST_RU = re.compile(r"[аоуи][^аоуи]+$|[^аоуи]?[аоуи]$")


def density(text: Text, language: str | None) -> float | None:
    """Share of lines whose last word rhymes with another one at most three lines away in the same verse, 0 to 1.

    A word does not rhyme with itself. None below two lines with words, and for
    languages other than English and Russian.
    """
    key_of = _KEYS.get(language or "")
    ends = [words[-1] if words else "" for words in text.words]
    if key_of is None or sum(map(bool, ends)) < 2:
        return None
    rhymed = first = 0
    for length in text.verses:
        rhymed += _rhymed([(end, key_of(end)) for end in ends[first : first + length] if end])
        first += length
    return rhymed / sum(map(bool, ends))


def _rhymed(ends: list[tuple[str, str]]) -> int:
    return sum(
        any(
            key and key == other_key and word != other
            for other, other_key in ends[max(0, place - WINDOW) : place + WINDOW + 1]
        )
        for place, (word, key) in enumerate(ends)
    )


@lru_cache(maxsize=65_536)
def english_key(word: str) -> str:
    """What a word shares with its rhymes; empty for one without a vowel."""
    for pattern, sound in _ENGLISH:
        word = pattern.sub(sound, word)
    starts = [found.start() for found in _VOWELS.finditer(word)]
    if not starts:
        return ""
    weak = len(starts) > 1 and _WEAK.match(word[starts[-1] :])
    return word[starts[-2 if weak else -1] :]


@lru_cache(maxsize=65_536)
def russian_key(word: str) -> str:
    """What a word shares with its rhymes; empty for one without a vowel."""
    for pattern, sound in _RUSSIAN:
        word = pattern.sub(sound, word)
    found = _LAST_RU.search(word)
    return found[0] if found else ""


_KEYS: dict[str, Callable[[str], str]] = {"en": english_key, "ru": russian_key}
