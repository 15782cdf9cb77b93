"""What the planner knows about the columns of one table: their words, their concepts, what they are good for."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from analyzer.frames import ColumnProfile, FrameProfile
from analyzer.planner.lexicon import Phrase, lexicon
from analyzer.planner.text import is_cyrillic, stem, words
from warren.contracts.analyzer import Cell

_FLAG = frozenset([0, 1])
MAX_DISCRETE = 25
"""An integer column with at most this many distinct values is a sensible thing to group by."""

Step = Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"]


@dataclass(frozen=True)
class Column:
    """A column and the ways to say it. `weights` tells how much each word of the name identifies it."""

    profile: ColumnProfile
    rows: int
    parts: tuple[str, ...]
    weights: tuple[float, ...]
    concepts: dict[str, frozenset[int]] = field(hash=False)
    """Concept → positions of the words that say it."""

    @property
    def head(self) -> int:
        """Position of the noun the name is about: the last word in English, the first in Russian."""
        main = [part for part, weight in enumerate(self.weights) if weight == 1.0]
        return main[0] if is_cyrillic(self.name) else main[-1]

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def is_number(self) -> bool:
        return self.profile.kind in ("integer", "number")

    @property
    def is_date(self) -> bool:
        return self.profile.kind == "date"

    @property
    def is_text(self) -> bool:
        return self.profile.kind in ("category", "text")

    @property
    def is_year(self) -> bool:
        """Whole numbers that are years."""
        low, high = self.profile.minimum, self.profile.maximum
        return (
            self.profile.kind == "integer"
            and "time_year" in self.concepts
            and isinstance(low, int)
            and isinstance(high, int)
            and low >= 1000
            and high < 3000
        )

    @property
    def is_time(self) -> bool:
        return self.is_date or self.is_year

    @property
    def is_flag(self) -> bool:
        """True and False, 1 and 0, yes and no."""
        return self.truth is not None

    @property
    def truth(self) -> Cell:
        """The value that means yes; None if the column is no flag."""
        values = self.profile.values
        if self.profile.kind == "boolean":
            return True
        if self.profile.kind == "integer" and set(values) == _FLAG:
            return 1
        said = {str(value).lower(): value for value in values} if self.profile.kind == "category" else {}
        affirmed = [value for text, value in said.items() if text in lexicon().affirmed]
        denied = [value for text, value in said.items() if text in lexicon().denied]
        return affirmed[0] if len(said) == 2 and affirmed and denied else None

    @property
    def is_identifier(self) -> bool:
        """Numbers that name rows: adding or averaging them means nothing."""
        spelled = words(self.name.lower()) or [""]
        telling = spelled[0] if is_cyrillic(self.name) else spelled[-1]
        named = len(spelled) > 1 and telling in lexicon().identifier
        camel = self.name.endswith(("Id", "ID")) or self.name.lower() in ("id", "ид")
        return self.is_number and (named or camel or spelled[0] == "unnamed")

    @property
    def is_measure(self) -> bool:
        return self.is_number and not self.is_year and not self.is_identifier

    @property
    def is_discrete(self) -> bool:
        """Fit to group by as it is."""
        if self.profile.kind == "integer":
            return self.is_year or self.profile.distinct <= MAX_DISCRETE
        return self.profile.kind in ("category", "boolean", "text")

    @property
    def is_unique(self) -> bool:
        """Every row has its own value."""
        return self.profile.distinct == self.rows - self.profile.missing and self.rows > 1

    @property
    def is_total(self) -> bool:
        """Whether adding it up over rows makes sense, as far as its name tells."""
        return self.is_known and all(concept in lexicon().about.totals for concept in self._measured)

    @property
    def is_known(self) -> bool:
        """Whether the name says what is measured."""
        return bool(self._measured)

    @property
    def _measured(self) -> list[str]:
        return [concept for concept in self.concepts if lexicon().about.is_measure(concept)]

    @property
    def is_bad(self) -> bool:
        return any(concept in lexicon().about.bad for concept in self.concepts)

    @property
    def is_open(self) -> bool:
        """Text of which the profile does not name every value."""
        return self.is_text and self.profile.distinct > len(self.profile.values)


@dataclass(frozen=True)
class Schema:
    """The table's columns in order."""

    columns: tuple[Column, ...]
    rows: int

    @classmethod
    def of(cls, profile: FrameProfile) -> "Schema":
        return cls(tuple(_column(column, profile.rows) for column in profile.columns), profile.rows)

    def __getitem__(self, name: str) -> Column:
        return self._named[name]

    @cached_property
    def _named(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def time(self) -> Column | None:
        """The column that says when: the first date column, else the first column of years."""
        dates = [column for column in self.columns if column.is_date]
        years = [column for column in self.columns if column.is_year]
        return next(iter(dates or years), None)

    @property
    def measures(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.is_measure)

    def with_concept(self, *concepts: str) -> list[Column]:
        """Columns of the first of these concepts that any column has."""
        for concept in concepts:
            found = [column for column in self.columns if concept in column.concepts]
            if found:
                return found
        return []


def _column(profile: ColumnProfile, rows: int) -> Column:
    spelled = words(profile.name)
    parts = tuple(stem(word) for word in spelled)
    weights = tuple(_weight(word.lower()) for word in spelled)
    if not any(weight == 1.0 for weight in weights):
        weights = tuple(1.0 for _ in spelled)
    return Column(profile, rows, parts, weights, _concepts(parts))


def _weight(word: str) -> float:
    """How much a word of a name identifies the column."""
    known = lexicon()
    if word in known.units | known.identifier:
        return 0.15
    return 0.4 if word in known.periodic else 1.0


def _concepts(parts: Phrase) -> dict[str, frozenset[int]]:
    """Concepts the name says; a longer phrasing hides a shorter one inside it."""
    known = lexicon().concepts
    found: dict[str, frozenset[int]] = {}
    taken: set[int] = set()
    for length in range(len(parts), 0, -1):
        for start in range(len(parts) - length + 1):
            span = frozenset(range(start, start + length))
            if span & taken:
                continue
            piece = parts[start : start + length]
            concepts = known.get(piece, ()) or known.get(("".join(piece),), ())
            for concept in concepts:
                found.setdefault(concept, span)
            if concepts:
                taken |= span
    return found
