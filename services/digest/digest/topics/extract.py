"""Topics of a message, found without a model: phrases of nouns in Russian, of uncommon words in English.

Texts are short, so there is nothing to count that would weigh words against each other, as methods for documents do
(YAKE, TF-IDF); what helps is grammar, and knowing what is said about everything.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pymorphy3

from digest.stems import stem
from digest.topics.words import COMMON_EN, COMMON_RU, STOP_EN
from warren.contracts.chat import LONGEST_TOPIC

MOST_TOPICS = 3
LONGEST_PHRASE = 3
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|<[^>]{0,200}>|`[^`]*`")
_TOKEN = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+|[.,;:!?()\n]")
_WORD = re.compile(r"[^\W\d_]")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_NAMES = ("Geox", "Name", "Surn", "Orgn")
"""Marks of the dictionary for places, people and organisations."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """`words` as they are shown, `place` counts phrases from the start of the text."""

    words: tuple[str, ...]
    place: int
    named: bool


def language_of(text: str) -> str:
    """`ru` where most letters are Cyrillic, else `en`."""
    letters = _WORD.findall(text)
    return "ru" if 2 * len(_CYRILLIC.findall(text)) > len(letters) else "en"


def find_topics(text: str) -> tuple[str, ...]:
    """Up to three topics, the best first; none for a text about nothing. Takes about a millisecond for a message."""
    clean = _NOISE.sub(" \n ", text)
    phrases = list(_russian(clean) if language_of(clean) == "ru" else _english(clean))
    counts = Counter(phrase.words for phrase in phrases)
    best = sorted(
        {phrase.words: phrase for phrase in reversed(phrases)}.values(),
        key=lambda phrase: (-_score(phrase, counts[phrase.words]), phrase.place),
    )
    names = (" ".join(phrase.words)[:LONGEST_TOPIC].strip() for phrase in best)
    return tuple(_distinct(names))[:MOST_TOPICS]


def stems(text: str) -> tuple[str, ...]:
    """Stems of the words of a text that mean something, in order."""
    words = (word.lower() for word in _TOKEN.findall(text) if len(word) > 1)
    return tuple(stem(word) for word in words if word not in STOP_EN)


def key_of(topic: str) -> str:
    """The same for topics that differ in order and endings only."""
    return " ".join(sorted(set(stems(topic)))) or topic.lower()


def _score(phrase: _Phrase, count: int) -> float:
    """Said again weighs most; then names, phrases before single words, and what was said first."""
    return count + 0.5 * phrase.named + 0.3 * (min(len(phrase.words), 2) - 1) - 0.05 * min(phrase.place, 10)


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """Leave out what has all its words in a better one."""
    seen: list[set[str]] = []
    for name in names:
        words = set(stems(name))
        if words and not any(words <= other for other in seen):
            seen.append(words)
            yield name


def _english(text: str) -> Iterator[_Phrase]:
    run: list[str] = []
    place = 0
    before, opens_sentence = "\n", True
    for token in [*_TOKEN.findall(text), "\n"]:
        word = token.replace("’", "'")
        # Common words in capitals are parts of names, where no sentence begins: New York.
        if _tells_something(word) or (word.istitle() and len(word) > 1 and _WORD.match(before)):
            opens_sentence = opens_sentence if run else not _WORD.match(before)
            run.append(word)
        elif run:
            yield _phrase(run[-LONGEST_PHRASE:], place, opens_sentence)
            place, run = place + 1, []
        before = token


def _tells_something(word: str) -> bool:
    lower = word.lower().removesuffix("'s")
    common = lower in STOP_EN or lower in COMMON_EN or "'" in lower
    return len(lower) > 1 and bool(_WORD.match(lower)) and not common


def _phrase(run: list[str], place: int, opens_sentence: bool) -> _Phrase:
    # A capital that only begins the sentence makes no name.
    named = all(word[:1].isupper() for word in run) and (len(run) > 1 or not opens_sentence or run[0].isupper())
    words = tuple(
        word.removesuffix("'s") if named or word.isupper() else word.removesuffix("'s").lower() for word in run
    )
    return _Phrase(words, place, named)


def _russian(text: str) -> Iterator[_Phrase]:
    """Adjectives with their noun, and a noun in the genitive behind another: in the nominative, as a title would be."""
    run: list[Any] = []
    place = 0
    for token in [*_TOKEN.findall(text), "\n"]:
        parsed = _morphology().parse(token)[0]
        if _continues(run, parsed):
            run.append(parsed)
            continue
        for words in _titles(run):
            yield _Phrase(words, place, named=any(word.istitle() for word in words))
            place += 1
        run = [parsed] if _opens(parsed) else []


def _opens(parsed: Any) -> bool:
    if "LATN" in parsed.tag:
        return len(parsed.word) > 1 and _tells_something(parsed.word)
    return parsed.tag.POS in {"NOUN", "ADJF"} and parsed.normal_form not in COMMON_RU and len(parsed.word) > 1


def _continues(run: list[Any], parsed: Any) -> bool:
    if not run or len(run) >= LONGEST_PHRASE or not _opens(parsed):
        return False
    if all(earlier.tag.POS == "ADJF" for earlier in run):
        return True
    return parsed.tag.case == "gent" and parsed.tag.POS in {"NOUN", "ADJF"}


def _titles(run: list[Any]) -> Iterator[tuple[str, ...]]:
    while run and run[-1].tag.POS == "ADJF":  # describes nothing
        run = run[:-1]
    head = next((n for n, parsed in enumerate(run) if parsed.tag.POS != "ADJF"), None)
    if head is None:
        return
    noun = run[head]
    wanted = {"nomn", noun.tag.number} - {None}
    gender = {noun.tag.gender} - {None} if noun.tag.number == "sing" else set()
    words = [_inflected(adjective, wanted | gender) for adjective in run[:head]]
    words.append(_inflected(noun, wanted))
    words += [parsed.word for parsed in run[head + 1 :]]
    yield tuple(
        word.capitalize() if any(mark in parsed.tag for mark in _NAMES) else word
        for word, parsed in zip(words, run, strict=True)
    )


def _inflected(parsed: Any, wanted: set[str]) -> str:
    inflected = parsed.inflect(wanted)
    return str(inflected.word if inflected is not None else parsed.word)


@functools.cache
def _morphology() -> Any:
    """Takes a fifth of a second once."""
    return pymorphy3.MorphAnalyzer()
