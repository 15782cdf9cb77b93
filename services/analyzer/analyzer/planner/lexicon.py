"""The words of all languages, read from `languages/*.toml`: one file per language, and what concepts are."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal, TypeVar

from analyzer.planner.text import is_cyrillic, tokenize

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
    exact: str | None = None
    """The only spelling meant, where others share the stems: "ordered by", not "orders by"."""


@dataclass(frozen=True, slots=True)
class Adjective:
    """What an adjective says, "warmer" the comparative of the high end of temperature.

    The first of its `concepts` that the table has is meant; none for an adjective made of a value ("foggiest").
    """

    concepts: tuple[str, ...]
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
    amounts: Mapping[str, str]
    """Values that are things one can have more of: "the most rain" means the measure precipitation."""
    bad: frozenset[str]
    """Measures whose high values are the worse ones."""
    names: frozenset[str]
    """Values that are names of countries and cities: looked for in any text column."""
    events: frozenset[str]
    """Measures whose word also means the rows: "how many sales"."""
    places: frozenset[str]

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
    """By the word itself; Russian positive ones, which are declined, by stem."""
    superlative_inside: tuple[str, ...]
    superlative_after: tuple[str, ...]
    """Words that make a comparative a superlative: "холоднее всего"."""
    suffixes: Mapping[Degree, tuple[str, ...]]
    stop: frozenset[str]
    link: frozenset[str]
    """Words that may stand inside a name: "speed of the wind"."""
    units: frozenset[str]
    """Words of a column's name that nobody says: "weight_lbs"."""
    periodic: frozenset[str]
    """Words of a column's name that may be left out: "annual salary"."""
    identifier: frozenset[str]
    """Last words of columns whose numbers name rows."""
    ordinal_suffixes: frozenset[str]
    decade_suffixes: frozenset[str]
    quarter_prefixes: frozenset[str]
    periodic_endings: tuple[str, ...]
    """Endings of words like "monthly"."""
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
    centuries: frozenset[str]
    halves: frozenset[str]
    much: frozenset[str]
    """Words that ask for an amount: "how much"."""
    codes: Mapping[Phrase, tuple[str, ...]]
    """Short values (in lower case) and the concepts they stand for: "f" for female."""
    affirmed: frozenset[str]
    denied: frozenset[str]
    """Values that mean yes and no."""
    measured_in: Mapping[str, str]
    """Units after a number and the concept they measure: degrees, temperature."""
    per: frozenset[str]
    over: frozenset[str]
    """Words between two numbers to be drawn against each other."""
    past: frozenset[str]
    """Words of a record, not a habit: "had the highest price"."""
    total_rows: frozenset[str]
    """First words of values that stand for all the others together."""
    quarters: frozenset[str]
    ambiguous: frozenset[str]
    """Short names of months and weekdays that are words as well."""
    average: frozenset[Phrase]
    about: Concepts

    @cached_property
    def known(self) -> frozenset[str]:
        """Every word it knows: no misspelling of a name."""
        phrases = (*self.cues, *self.concepts)
        return frozenset(stem for phrase in phrases for stem in phrase) | self.stop | set(self.months)


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
        units=_plain(tables, "units"),
        periodic=_plain(tables, "periodic"),
        identifier=_plain(tables, "identifier"),
        ordinal_suffixes=_plain(tables, "ordinal_suffixes"),
        decade_suffixes=_plain(tables, "decade_suffixes"),
        quarter_prefixes=_plain(tables, "quarter_prefixes"),
        superlative_after=tuple(word for table in tables for word in table["suffixes"]["superlative_after"]),
        periodic_endings=tuple(ending for table in tables for ending in table["suffixes"]["periodic"]),
        place=_stems(tables, "place"),
        numbers=_numbered(tables, "numbers"),
        ordinals=_numbered(tables, "ordinals"),
        scales=_numbered(tables, "scales"),
        months=_enumerated(tables, "months", 1),
        weekdays=_enumerated(tables, "weekdays", 0),
        seasons=_enumerated(tables, "seasons", 0),
        weekend=_stems(tables, "weekend"),
        years=_stems(tables, "years"),
        centuries=_stems(tables, "centuries"),
        halves=_stems(tables, "halves"),
        much=_stems(tables, "much"),
        codes=_gather(
            ((code,), concept) for table in tables for concept, line in table["codes"].items() for code in line.split()
        ),
        affirmed=_plain(tables, "affirmed"),
        denied=_plain(tables, "denied"),
        measured_in={
            _stem(unit): concept
            for table in tables
            for unit, concept in (pair.split("=") for pair in table["words"]["measured_in"].split())
        },
        per=_plain(tables, "per"),
        over=_plain(tables, "over"),
        past=_plain(tables, "past"),
        total_rows=_plain(tables, "total_rows"),
        quarters=_stems(tables, "quarters"),
        ambiguous=_plain(tables, "ambiguous_months"),
        average=frozenset(
            phrase for table in tables for name, phrase in _phrases(table["cue"]["adverb"]) if name == "average_value"
        ),
        about=_about(_read("concepts")),
    )


def _about(lists: dict[str, str]) -> Concepts:
    amounts = dict(pair.split("=") for pair in lists.pop("amounts").split())
    sets = {key: frozenset(text.split()) for key, text in lists.items()}
    return Concepts(amounts=amounts, **sets)


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
                for name, line in names.items():
                    for text in line.split("|"):
                        plain = text.strip()
                        exact = plain[1:] if plain.startswith("=") and len(plain) > 2 and plain[1] != "=" else None
                        yield phrase_of(exact or plain), Cue(kind, name, exact)


def _gather(pairs: Iterator[tuple[Phrase, _Value]]) -> dict[Phrase, tuple[_Value, ...]]:
    found: dict[Phrase, tuple[_Value, ...]] = {}
    for phrase, value in pairs:
        known = found.get(phrase, ())
        if value not in known:
            found[phrase] = (*known, value)
    return found


def _adjectives(table: Mapping[str, str]) -> Iterator[tuple[str, Adjective]]:
    for name, line in table.items():
        concepts, end = name.split()
        for degree, words in zip(_DEGREES, line.split("/"), strict=True):
            for word in words.split():
                if word != "-":
                    key = _stem(word) if degree == "positive" and is_cyrillic(word) else word
                    yield key, Adjective(tuple(concepts.split(",")), "high" if end == "high" else "low", degree)


def _spellings(tables: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for concept, line in table["concepts"].items():
            found[concept] = found.get(concept, ()) + tuple(text.strip() for text in line.split("|"))
    return found


def _stems(tables: list[dict[str, Any]], key: str) -> frozenset[str]:
    return frozenset(_stem(word) for table in tables for word in table["words"][key].split())


def _plain(tables: list[dict[str, Any]], key: str) -> frozenset[str]:
    return frozenset(word for table in tables for word in table["words"][key].split())


def _numbered(tables: list[dict[str, Any]], key: str) -> dict[str, float]:
    pairs = (pair.split("=") for table in tables for pair in table["words"][key].split())
    return {_stem(word): float(number) for word, number in pairs}


def _enumerated(tables: list[dict[str, Any]], key: str, start: int) -> dict[str, int]:
    """Latin words as they are: the stem of "Mars" is that of a month."""
    return {
        _stem(word) if is_cyrillic(word) else word: number
        for table in tables
        for number, line in enumerate(table["words"][key].split("|"), start)
        for word in line.split()
    }
