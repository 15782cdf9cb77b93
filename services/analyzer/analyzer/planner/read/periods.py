"""Dates in a question become conditions on the time column."""

from dataclasses import replace

from analyzer.planner.dates import When
from analyzer.planner.items import Item
from analyzer.planner.query import Bucket, Filter, Key, Operator
from analyzer.planner.read.state import Reading
from analyzer.planner.schema import Column

MONTHS_OF_SEASON = 3
_OPERATORS: dict[str, Operator] = {"since": "since", "after": "after", "before": "before", "until": "until"}


def read_periods(reading: Reading) -> None:
    """Takes all dates. Raises `Unanswerable` when the table has no dates to compare with."""
    pending = list(reading.positions("date"))
    while pending:
        first = pending.pop(0)
        column = _column(reading, first)
        span = _span_end(reading, first, pending)
        if span is not None:
            pending.remove(span)
            _add_span(reading, column, first, span)
            continue
        others = _alternatives(reading, first, pending)
        for position in others:
            pending.remove(position)
        _add_periods(reading, column, first, others)


def _column(reading: Reading, position: int) -> Column:
    """A date column named just before the date, else the table's first."""
    for at in reading.path(position, -1):
        column = reading.column(at)
        if column is not None and column.is_time:
            before = reading.beside(at, -1)
            if before is None or not reading.items[before].has("group"):
                reading.take(at)
            return column
        if column is not None or reading.items[at].kind in ("date", "value"):
            break
    time = reading.need_time()
    when = reading.items[position].when
    if not time.is_date and when is not None and when.year is None and when.last is None:
        return reading.need_time(date_only=True)
    return time


def _marker(reading: Reading, position: int) -> str:
    """`since`, `after`, `before`, `until` or `in`: the word before the date."""
    return reading.words.dates.get((reading.word_before(position),), "in")


def _span_end(reading: Reading, first: int, pending: list[int]) -> int | None:
    """The date that ends a span which begins here: "from … to …", "between … and …", "2012-2014"."""
    if not pending:
        return None
    last = pending[0]
    gap = [item for item in reading.between(first, last) if item.text != ","]
    if len(gap) != 1:
        return None
    if gap[0].text in ("-", "–", "—") or reading.words.dates.get((reading.word_before(last),)) == "until":
        return last
    before = reading.beside(first, -1)
    is_between = before is not None and reading.items[before].has("compare", "between")
    if is_between and gap[0].has("join", "and"):
        reading.take(before)
        return last
    return None


def _add_span(reading: Reading, column: Column, first: int, last: int) -> None:
    start, end = reading.items[first].when, reading.items[last].when
    if start is None or end is None:
        return
    reading.take(first, last, *range(first + 1, last), first - 1 if _marker(reading, first) != "in" else None)
    if start.year is None and end.year is None:
        if start.month and end.month and not start.day:
            months = tuple(range(start.month, end.month + 1)) or (start.month, end.month)
            reading.filters.append(Filter(column.name, "during", (When(months=months),)))
            return
        year = _last_year(column)
        start, end = replace(start, year=year), replace(end, year=year)
    start = replace(start, year=end.year) if start.year is None else start
    end = replace(end, year=start.year) if end.year is None else end
    reading.filters.append(Filter(column.name, "span", (start, end)))


def _last_year(column: Column) -> int:
    return int(str(column.profile.maximum)[:4])


def _alternatives(reading: Reading, first: int, pending: list[int]) -> list[int]:
    """Dates joined to this one by "and", "or" or a comma."""
    found: list[int] = []
    at = first
    for position in pending:
        gap = [item for item in reading.between(at, position) if item.kind != "stop"]
        if not gap or not all(_joins(item) for item in gap):
            break
        found.append(position)
        at = position
    return found


def _joins(item: Item) -> bool:
    """ "2013 and 2014", "2013 vs 2014", "2014 warmer than 2013" """
    return item.text == "," or item.has("join") or item.has("task", "compare") or item.kind == "adjective"


def _add_periods(reading: Reading, column: Column, first: int, others: list[int]) -> None:
    positions = [first, *others]
    whens = tuple(when for position in positions if (when := reading.items[position].when) is not None)
    marker = _marker(reading, first)
    operator = _OPERATORS.get(marker, "during")
    if operator != "during" and whens[0].year is None and whens[0].last is None:
        whens = (replace(whens[0], year=_last_year(column)),)
    if operator == "during" and reading.is_negated(first):
        operator = "not_during"
        reading.take(reading.beside(first, -1))
    reading.take(*positions)
    if marker != "in":
        reading.take(first - 1)
    if whens[0].last is not None:
        operator = "during"
    reading.filters.append(Filter(column.name, operator, whens))
    joined_by_or = any(item.has("join", "or") for item in reading.items[first : positions[-1]])
    bucket = _told_apart(whens)
    if len(whens) > 1 and not joined_by_or and bucket is not None:
        reading.soft_keys.append(Key(column.name, None if column.is_year else bucket))


def _told_apart(whens: tuple[When, ...]) -> Bucket | None:
    """By what several periods differ: "2012 and 2013" by year, "summer and winter" by season."""
    if all(when.is_period and not when.month for when in whens):
        return "year"
    if all(when.year is None and when.month and not when.day for when in whens):
        return "month_of_year"
    if all(when.year is None and len(when.months) == MONTHS_OF_SEASON for when in whens):
        return "season"
    return None
