"""Dates in a question: years, months, quarters, decades, seasons, days, "the last 3 months"."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from analyzer.planner.lexicon import lexicon
from analyzer.planner.text import Token, is_cyrillic

Unit = Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"]


@dataclass(frozen=True, slots=True)
class When:
    """A period, or a recurring one when `year` is None. `until_year` (inclusive) makes a span of years.

    `months` and `weekdays` recur every year and week (Monday is 0); `last` counts back from the newest date.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    until_year: int | None = None
    months: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    last: tuple[int, Unit] | None = None
    edge: tuple[int, Unit] | None = None
    """Only the beginning of the period, or with a negative number its end: "the first 2 weeks of 2013"."""

    @property
    def is_period(self) -> bool:
        """Has a beginning and an end on the calendar."""
        in_order = self.months == tuple(sorted(self.months))
        return self.year is not None and self.last is None and not self.weekdays and in_order

    def bounds(self) -> tuple[dt.date, dt.date]:
        """First day, and the day after the last. Only for a period; ValueError if the calendar has no such day."""
        first, end = self._whole()
        if self.edge is None:
            return first, end
        count, unit = self.edge
        return (first, _moved(first, count, unit)) if count > 0 else (_moved(end, count, unit), end)

    def _whole(self) -> tuple[dt.date, dt.date]:
        if self.year is None:
            raise ValueError("a recurring period has no bounds")
        if self.until_year is not None:
            return dt.date(self.year, 1, 1), dt.date(self.until_year + 1, 1, 1)
        if self.day is not None and self.month is not None:
            first = dt.date(self.year, self.month, self.day)
            return first, first + dt.timedelta(days=1)
        months = self.months or ((self.month,) if self.month else ())
        if not months:
            return dt.date(self.year, 1, 1), dt.date(self.year + 1, 1, 1)
        end = months[-1] + 1
        return dt.date(self.year, months[0], 1), dt.date(self.year + end // 13, (end - 1) % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Tokens `start` to `end` (exclusive) say `when`; `sure` is False for a bare number that may be a year."""

    start: int
    end: int
    when: When
    sure: bool = True


def find_dates(tokens: Sequence[Token], years: tuple[int, int] | None) -> list[DateSpan]:
    """All readings as dates, longer ones beside the shorter. `years`: first and last year of the table, if any."""
    finder = _Finder(tokens, years)
    return [span for start in range(len(tokens)) for span in finder.at(start)]


class _Finder:
    def __init__(self, tokens: Sequence[Token], years: tuple[int, int] | None) -> None:
        self.tokens = tokens
        self.years = years
        self.words = lexicon()

    def at(self, i: int) -> Iterator[DateSpan]:
        """Dates that begin at token `i`."""
        yield from self._written(i)
        yield from self._month(i)
        yield from self._quarter(i)
        yield from self._half(i)
        yield from self._edge(i)
        yield from self._decade(i)
        yield from self._century(i)
        yield from self._recurring(i)
        yield from self._last(i)
        yield from self._year(i)

    def _stem(self, i: int) -> str:
        return self.tokens[i].stem if 0 <= i < len(self.tokens) else ""

    def _name(self, i: int) -> str:
        """How months and weekdays are looked up: Latin words as they are."""
        if not 0 <= i < len(self.tokens):
            return ""
        text = self.tokens[i].text.lower()
        return self.tokens[i].stem if is_cyrillic(text) else text

    def _plain_year(self, i: int) -> int | None:
        if not 0 <= i < len(self.tokens):
            return None
        token = self.tokens[i]
        if token.kind == "number" and re.fullmatch(r"[12]\d{3}", token.text):
            return int(token.text)
        return None

    def _day_number(self, i: int) -> int | None:
        if not 0 <= i < len(self.tokens):
            return None
        found = re.fullmatch(r"(\d{1,2})(\w*)", self.tokens[i].text)
        plain = found and (not found[2] or found[2] in self.words.ordinal_suffixes)
        return int(found[1]) if found and plain and 1 <= int(found[1]) <= 31 else None

    def _after(self, i: int) -> int:
        """Skips "of", a comma and the word "year" between the parts of a date."""
        while self._stem(i) in self.words.link or self._stem(i) == ",":
            i += 1
        return i

    def _with_year(self, start: int, end: int, when: When) -> Iterator[DateSpan]:
        """`when` alone, and with a year after it."""
        yield DateSpan(start, end, when)
        at = self._after(end)
        year = self._plain_year(at)
        if year is not None:
            at += 1
            if self._stem(at) in self.words.years:
                at += 1
            yield DateSpan(start, at, replace(when, year=year))

    def _written(self, i: int) -> Iterator[DateSpan]:
        if self.tokens[i].kind != "date":
            return
        numbers = [int(part) for part in re.split(r"\D", self.tokens[i].text)]
        if len(numbers) == 2:
            year, month, day = numbers[0], numbers[1], None
        elif numbers[0] > 31:
            year, month, day = numbers
        else:
            day, month, year = numbers
            if month > 12 or ("/" in self.tokens[i].text and day <= 12):
                day, month = month, day
        when = When(year=year, month=month, day=day)
        if _exists(when):
            yield DateSpan(i, i + 1, when)

    def _month(self, i: int) -> Iterator[DateSpan]:
        month = self.words.months.get(self._name(i))
        if month is not None and self.tokens[i].kind == "word":
            yield from self._with_year(i, i + 1, When(month=month))
            day = self._day_number(i + 1)
            if day is not None:
                yield from self._with_year(i, i + 2, When(month=month, day=day))
        day = self._day_number(i)
        at = self._after(i + 1)
        month = self.words.months.get(self._name(at))
        if day is not None and month is not None:
            yield from self._with_year(i, at + 1, When(month=month, day=day))

    def _quarter(self, i: int) -> Iterator[DateSpan]:
        number, end = self._quarter_number(i)
        if number is None:
            return
        when = When(months=tuple(range(3 * number - 2, 3 * number + 1)))
        yield from self._with_year(i, end, when)
        year = self._plain_year(i - 1)
        if year is not None:
            yield DateSpan(i - 1, end, replace(when, year=year))

    def _quarter_number(self, i: int) -> tuple[int | None, int]:
        text = self.tokens[i].text.lower()
        if text[:-1] in self.words.quarter_prefixes and text[-1] in "1234":
            return int(text[-1]), i + 1
        number, at = self._suffixed(i, self.words.ordinal_suffixes)
        if number is None and self._stem(i) in self.words.ordinals:
            number, at = int(self.words.ordinals[self._stem(i)]), i + 1
        if number is None or number > 4 or self._stem(at) not in self.words.quarters:
            return None, i
        return number, at + 1

    def _half(self, i: int) -> Iterator[DateSpan]:
        """ "first half of 2013" """
        number = int(self.words.ordinals.get(self._stem(i), 0))
        at = i + 1
        if number in (1, 2) and self._stem(at) in self.words.halves:
            yield from self._with_year(i, at + 1, When(months=tuple(range(6 * number - 5, 6 * number + 1))))

    def _edge(self, i: int) -> Iterator[DateSpan]:
        """ "first week of 2013", "last 3 months of 2014" """
        ranks = [cue.name for cue in self.words.cues.get((self._stem(i),), ()) if cue.kind == "rank"]
        if not ranks or ranks[0] not in ("first", "last") or i + 2 >= len(self.tokens):
            return
        token = self.tokens[i + 1]
        count = int(token.number if token.number is not None else self.words.numbers.get(token.stem, 0))
        at = i + 2 if count else i + 1
        unit = self._unit(at)
        start = self._after(at + 1)
        if unit is None or unit == "year" or start >= len(self.tokens):
            return
        for span in (*self._month(start), *self._year(start)):
            if span.when.is_period:
                edge = (count or 1) * (1 if ranks[0] == "first" else -1)
                yield DateSpan(i, span.end, replace(span.when, edge=(edge, unit)))

    def _decade(self, i: int) -> Iterator[DateSpan]:
        number, end = self._suffixed(i, self.words.decade_suffixes)
        bare = end == i + 1 and self.tokens[i].text.isdigit()
        if number is None or bare or number % 10 or number > 2990:
            return
        year = number if number >= 1000 else (1900 if number >= 30 else 2000) + number
        end += self._stem(end) in self.words.years
        yield DateSpan(i, end, When(year=year, until_year=year + 9))

    def _century(self, i: int) -> Iterator[DateSpan]:
        number, end = self._suffixed(i, self.words.ordinal_suffixes)
        if number is not None and 10 <= number <= 30 and self._stem(end) in self.words.centuries:
            yield DateSpan(i, end + 1, When(year=100 * number - 99, until_year=100 * number))

    def _suffixed(self, i: int, suffixes: frozenset[str]) -> tuple[int | None, int]:
        """A whole number with one of these endings ("1st", "1990s", "2000-х") or none, and where it ends."""
        found = re.fullmatch(r"(\d{1,4})(\D*)", self.tokens[i].text.lower())
        if found is None or (found[2] and found[2] not in suffixes):
            return None, i
        dash = self._stem(i + 1) == "-"
        if dash and i + 2 < len(self.tokens) and self.tokens[i + 2].text.lower() in suffixes:
            return int(found[1]), i + 3
        return int(found[1]), i + 1

    def _recurring(self, i: int) -> Iterator[DateSpan]:
        stem = self._name(i)
        if stem in self.words.seasons:
            first = self.words.seasons[stem] * 3
            yield DateSpan(i, i + 1, When(months=tuple((first + offset + 11) % 12 + 1 for offset in range(3))))
        if stem in self.words.weekdays:
            yield DateSpan(i, i + 1, When(weekdays=(self.words.weekdays[stem],)))
        if self._stem(i) in self.words.weekend:
            yield DateSpan(i, i + 1, When(weekdays=(5, 6)))

    def _last(self, i: int) -> Iterator[DateSpan]:
        cues = self.words.cues.get((self._stem(i),), ())
        if not any(cue.kind == "rank" and cue.name == "last" for cue in cues):
            return
        token = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
        if token is None:
            return
        count = int(token.number) if token.number is not None else int(self.words.numbers.get(token.stem, 0))
        at = i + 2 if count else i + 1
        unit = self._unit(at)
        if unit is not None:
            yield DateSpan(i, at + 1, When(last=(count or 1, unit)))

    def _unit(self, i: int) -> Unit | None:
        for cue in self.words.cues.get((self._stem(i),), ()):
            if cue.kind == "unit" and cue.name in _UNITS:
                return _UNITS[cue.name]
        return None

    def _year(self, i: int) -> Iterator[DateSpan]:
        year = self._plain_year(i)
        if year is None:
            return
        named = self._stem(i + 1) in self.words.years
        known = self.years is not None and self.years[0] - 1 <= year <= self.years[1] + 1
        introduced = (self._stem(i - 1),) in self.words.dates or self._stem(i - 1) in self.words.years
        yield DateSpan(
            i, i + 1 + named, When(year=year), sure=named or known or (introduced and self.years is not None)
        )


_UNITS: dict[str, Unit] = {
    "second": "second",
    "minute": "minute",
    "hour": "hour",
    "day": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
}


def _moved(day: dt.date, count: int, unit: Unit) -> dt.date:
    """The day so many units later; whole months for a day that begins one."""
    if unit in ("month", "quarter"):
        months = day.year * 12 + day.month - 1 + count * (3 if unit == "quarter" else 1)
        return dt.date(months // 12, months % 12 + 1, 1)
    return day + dt.timedelta(days=count * (7 if unit == "week" else 1))


def _exists(when: When) -> bool:
    try:
        when.bounds()
    except ValueError:
        return False
    return True
