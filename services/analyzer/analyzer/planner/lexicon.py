"""The words of all languages, read from `languages/*.toml`: one file per language, and what concepts are."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

from analyzer.planner.text import tokenize

Phrase = tuple[str, ...]
"""Stems of the words of a phrasing."""
Degree = Literal["positive", "comparative", "superlative"]
End = Literal["high", "low"]

LANGUAGES = ("en", "ru")
_Value = TypeVar("_Value")
_DEGREES: tuple[Degree, ...] = ("positive", "comparative", "superlative")


@dataclass(frozen=True, slots=True)
class Cue:
    """What a phrasing means: `kind` is the table it stands in ("chart"), `name` its key there ("bar")."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Adjective:
    """ "Warmer": the comparative of the high end of the concept temperature."""

    concept: str
    end: End
    degree: Degree


@dataclass(frozen=True)
class Concepts:
    """What concepts are, whatever the language. A concept in none of the first four sets is a measure."""

    modifiers: frozenset[str]
    entities: frozenset[str]
    times: frozenset[str]
    values: frozenset[str]
    totals: frozenset[str]
    """Measures that make sense added up over rows."""
    countable: frozenset[str]
    """Measures "how many" asks the total of: deaths, units; not revenue."""
    bad: frozenset[str]
    """Measures whose high values are the worse ones."""
    places: frozenset[str]
    people: frozenset[str]

    def is_measure(self, concept: str) -> bool:
        """Whether it is a number one can average."""
        return concept not in self.modifiers | self.entities | self.times | self.values


@dataclass(frozen=True)
class Lexicon:
    """Everything the planner knows about words, of all languages together: a question may mix them."""

    cues: Mapping[Phrase, tuple[Cue, ...]]
    dates: Mapping[Phrase, str]
    """Words before a date: `since`, `after`, `before`, `until`, `in`."""
    concepts: Mapping[Phrase, tuple[str, ...]]
    spellings: Mapping[str, tuple[str, ...]]
    """Concept → its phrasings as written, of all languages."""
    adjectives: Mapping[str, Adjective]
    """Positive ones by stem, comparatives and superlatives by the word itself: in Russian they share a stem."""
    superlative_inside: tuple[str, ...]
    suffixes: Mapping[Degree, tuple[str, ...]]
    stop: frozenset[str]
    link: frozenset[str]
    place: frozenset[str]
    """Words before the name of a place."""
    numbers: Mapping[str, float]
    ordinals: Mapping[str, float]
    scales: Mapping[str, float]
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    """Monday is 0."""
    seasons: Mapping[str, int]
    """Winter is 0."""
    weekend: frozenset[str]
    years: frozenset[str]
    quarters: frozenset[str]
    ambiguous: frozenset[str]
    """Short names of months and weekdays that are words as well."""
    average: frozenset[Phrase]
    about: Concepts


@cache
def lexicon() -> Lexicon:
    """All languages, read once."""
    tables = [_load(code) for code in LANGUAGES]
    return Lexicon(
        cues=_gather(_cues(tables)),
        dates={phrase: name for table in tables for name, phrase in _phrases(table["cue"]["date"])},
        concepts=_gather((phrase, name) for table in tables for name, phrase in _phrases(table["concepts"])),
        spellings=_spellings(tables),
        superlative_inside=tuple(mark for table in tables for mark in table["suffixes"]["superlative_inside"]),
        adjectives=dict(pair for table in tables for pair in _adjectives(table["adjectives"])),
        suffixes={
            degree: tuple(suffix for table in tables for suffix in table["suffixes"].get(key, []))
            for degree, key in zip(_DEGREES, ("adjective", "comparative", "superlative"), strict=True)
        },
        stop=_stems(tables, "stop"),
        link=_stems(tables, "link"),
        place=_stems(tables, "place"),
        numbers=_numbered(tables, "numbers"),
        ordinals=_numbered(tables, "ordinals"),
        scales=_numbered(tables, "scales"),
        months=_enumerated(tables, "months", 1),
        weekdays=_enumerated(tables, "weekdays", 0),
        seasons=_enumerated(tables, "seasons", 0),
        weekend=_stems(tables, "weekend"),
        years=_stems(tables, "years"),
        quarters=_stems(tables, "quarters"),
        ambiguous=frozenset(word for table in tables for word in table["words"]["ambiguous_months"].split()),
        average=frozenset(
            phrase for table in tables for name, phrase in _phrases(table["cue"]["adverb"]) if name == "average_value"
        ),
        about=Concepts(**{key: frozenset(text.split()) for key, text in _read("concepts").items()}),
    )


@cache
def texts(language: str) -> Mapping[str, str]:
    """Sentences of one language, with `{names}` to fill in."""
    phrases: dict[str, str] = _load(language)["phrases"]
    return phrases


def phrase_of(text: str) -> Phrase:
    """A phrasing as stems, the way a question's tokens are compared."""
    return tuple(part for token in tokenize(text) for part in token.parts)


def _stem(word: str) -> str:
    return " ".join(phrase_of(word))


@cache
def _load(code: str) -> dict[str, Any]:
    return _read(code)


def _read(name: str) -> dict[str, Any]:
    source = files("analyzer.planner") / "languages" / f"{name}.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _phrases(table: Mapping[str, str]) -> Iterator[tuple[str, Phrase]]:
    for name, line in table.items():
        for text in line.split("|"):
            yield name, phrase_of(text)


def _cues(tables: list[dict[str, Any]]) -> Iterator[tuple[Phrase, Cue]]:
    for table in tables:
        for kind, names in table["cue"].items():
            if kind != "date":
                yield from ((phrase, Cue(kind, name)) for name, phrase in _phrases(names))


def _gather(pairs: Iterator[tuple[Phrase, _Value]]) -> dict[Phrase, tuple[_Value, ...]]:
    found: dict[Phrase, tuple[_Value, ...]] = {}
    for phrase, value in pairs:
        known = found.get(phrase, ())
        if value not in known:
            found[phrase] = (*known, value)
    return found


def _adjectives(table: Mapping[str, str]) -> Iterator[tuple[str, Adjective]]:
    for name, line in table.items():
        concept, end = name.split()
        for degree, words in zip(_DEGREES, line.split("/"), strict=True):
            for word in words.split():
                if word != "-":
                    key = _stem(word) if degree == "positive" else word
                    yield key, Adjective(concept, "high" if end == "high" else "low", degree)


def _spellings(tables: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for concept, line in table["concepts"].items():
            found[concept] = found.get(concept, ()) + tuple(text.strip() for text in line.split("|"))
    return found


def _stems(tables: list[dict[str, Any]], key: str) -> frozenset[str]:
    return frozenset(_stem(word) for table in tables for word in table["words"][key].split())


def _numbered(tables: list[dict[str, Any]], key: str) -> dict[str, float]:
    pairs = (pair.split("=") for table in tables for pair in table["words"][key].split())
    return {_stem(word): float(number) for word, number in pairs}


def _enumerated(tables: list[dict[str, Any]], key: str, start: int) -> dict[str, int]:
    return {
        _stem(word): number
        for table in tables
        for number, line in enumerate(table["words"][key].split("|"), start)
        for word in line.split()
    }
