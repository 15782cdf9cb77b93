"""Comparisons in a question ("above 80", "older than 60", "between 10 and 20") become conditions on numbers."""

from collections.abc import Iterator

from analyzer.planner.errors import Unanswerable
from analyzer.planner.items import Item
from analyzer.planner.query import Aggregation, Filter, Operator
from analyzer.planner.read.state import Reading
from analyzer.planner.schema import Column
from analyzer.planner.text import stem

_OPERATORS: dict[str, Operator] = {
    "gt": "gt", "ge": "ge", "lt": "lt", "le": "le", "eq": "eq", "ne": "ne", "between": "between",
}  # fmt: skip
_OPPOSITES: dict[str, Operator] = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}
_AGGREGATIONS: dict[str, Aggregation] = {"mean": "mean", "median": "median", "sum": "sum", "count": "count"}
_STOPPERS = ("date", "value", "number")


def read_comparisons(reading: Reading) -> None:
    """Takes all comparisons. Raises `Unanswerable` when none of the table's numbers is meant."""
    for position in list(reading.cues("compare")):
        _read_cue(reading, position)
    for position in list(reading.cues("compare_after")):
        _read_suffix(reading, position)
    for position in list(reading.positions("adjective")):
        _read_adjective(reading, position)
    for position in list(reading.positions("number")):
        _read_equality(reading, position)


def pick(columns: tuple[str, ...], end: str, schema_columns: dict[str, Column]) -> str:
    """Of columns that fit equally (temp_max, temp_min) the one for the high or low end of the scale."""
    concept = "maximum" if end == "high" else "minimum"
    return next((name for name in columns if concept in schema_columns[name].concepts), columns[0])


def _read_cue(reading: Reading, position: int) -> None:
    name = reading.items[position].cue("compare")
    numbers = _numbers_after(reading, position, 2 if name == "between" else 1)
    operator = _OPERATORS[name or "eq"]
    if not numbers:
        _read_against_average(reading, position, operator)
        return
    values = tuple(_plain(reading.items[number]) for number in numbers)
    if operator == "between":
        values = (min(values), max(values))
        if len(values) < 2 or len(numbers) < 2:
            return
    side = "low" if operator in ("lt", "le") else "high"
    negated = _negation(reading, position)
    if operator in _OPPOSITES and negated is not None:
        reading.take(negated)
        operator = _OPPOSITES[operator]
    column, at = _measured_in(reading, numbers[-1], side) or _column_of(reading, position, numbers[-1], side)
    if at is None or at != reading.beside(position, -1):
        column, at = _age_of_people(reading, column, values) or (column, at)
    reading.take(position, *numbers, at, *(join for join in range(numbers[0], numbers[-1])))
    _add(reading, column, operator, values, at)


def _negation(reading: Reading, position: int) -> int | None:
    """The "not" of "not above 5" and "did not drop below 5"."""
    at = reading.beside(position, -1)
    if at is not None and reading.items[at].has("task", "change"):
        at = reading.beside(at, -1)
    return at if at is not None and reading.items[at].has("negation") else None


def _read_against_average(reading: Reading, position: int, operator: Operator) -> None:
    average = reading.beside(position, 1)
    if average is None or not reading.items[average].has("adverb", "average_value"):
        return
    name = reading.items[average].cue("aggregation")
    column, at = _column_of(reading, position, average, "high")
    reading.take(position, average, at)
    reading.filters.append(Filter(column.name, operator, (name or "mean",)))


def _read_suffix(reading: Reading, position: int) -> None:
    """ "80 or more" """
    number = reading.beside(position, -1)
    if number is None or reading.items[number].kind != "number":
        return
    column, at = _column_of(reading, number, position, "high")
    reading.take(position, number, at)
    _add(
        reading,
        column,
        _OPERATORS[reading.items[position].cue("compare_after") or "ge"],
        (_plain(reading.items[number]),),
        at,
    )


def _read_adjective(reading: Reading, position: int) -> None:
    """ "older than 60": the adjective says both the column and the direction."""
    adjective = reading.items[position].adjective
    if adjective is None or adjective.degree != "comparative":
        return
    numbers = _numbers_after(reading, position, 1)
    if not numbers:
        return
    columns = reading.schema.with_concept(*adjective.concepts)
    if not columns:
        raise Unanswerable("nothing_called", word=reading.items[position].text)
    named = {column.name: column for column in columns}
    column = named[pick(tuple(named), adjective.end, named)]
    reading.take(position, *numbers)
    _add(reading, column, "gt" if adjective.end == "high" else "lt", (_plain(reading.items[numbers[0]]),), None)


def _read_equality(reading: Reading, position: int) -> None:
    """ "4 cylinders", "class 3": a number beside an integer column whose range it lies in."""
    number = _plain(reading.items[position])
    before, after = reading.beside(position, -1), reading.beside(position, 1)
    if before is not None and (reading.items[before].has("rank") or reading.items[before].has("extreme")):
        return
    for at in (after, before):
        column = reading.column(at) if at is not None and at not in reading.used else None
        if column is None or column.profile.kind != "integer" or not column.is_discrete or column.is_year:
            continue
        low, high = column.profile.minimum, column.profile.maximum
        if isinstance(low, int) and isinstance(high, int) and low <= number <= high:
            reading.take(position, at)
            reading.filters.append(Filter(column.name, "eq", (number,)))
            return


def _numbers_after(reading: Reading, position: int, count: int) -> list[int]:
    """The numbers compared with, past "than", "and" and plain words."""
    found: list[int] = []
    for at in reading.path(position, 1):
        item = reading.items[at]
        if item.kind == "number" and at not in reading.used:
            found.append(at)
            if len(found) == count:
                break
        elif not (item.has("join") or item.text in ("-", "–")):
            break
    return found


def _column_of(reading: Reading, position: int, end: int, side: str) -> tuple[Column, int | None]:
    """The number column a comparison at `position`…`end` is about, and where it is named.

    The nearest before it in the same clause, else the nearest after it, else the only one of the question or table.
    """
    value = next((item.number for item in reading.items[position : end + 1] if item.kind == "number"), None)
    for at in (*_clause(reading, position, -1), *_clause(reading, end, 1)):
        column = _numeric(reading, at, side, value)
        if column is not None:
            return column, at
    named = [column for at in reading.positions("column") if (column := _numeric(reading, at, side, value)) is not None]
    if len(named) == 1:
        return named[0], None
    if len(reading.schema.measures) == 1:
        return reading.schema.measures[0], None
    raise Unanswerable("compare_what", word=reading.items[position].text)


def _measured_in(reading: Reading, number: int, side: str) -> tuple[Column, None] | None:
    """ "below 10 degrees" with no column named: the unit tells it."""
    unit = reading.items[number + 1].text if number + 1 < len(reading.items) else ""
    concept = reading.words.measured_in.get(stem(unit), "")
    columns = {column.name: column for column in reading.schema.with_concept(concept) if column.is_measure}
    named = any(reading.column(at) is not None for at in (*_clause(reading, number, -1), *_clause(reading, number, 1)))
    return (columns[pick(tuple(columns), side, columns)], None) if columns and not named else None


def _age_of_people(reading: Reading, column: Column, values: tuple[float, ...]) -> tuple[Column, None] | None:
    """ "women over 50": a number the column never comes near, but ages do."""
    if _holds(column, values[0]):
        return None
    ages = [age for age in reading.schema.with_concept("age") if age.is_measure and _holds(age, values[0])]
    return (ages[0], None) if ages else None


def _holds(column: Column, value: float) -> bool:
    low, high = column.profile.minimum, column.profile.maximum
    return isinstance(low, int | float) and isinstance(high, int | float) and low <= value <= high


def _clause(reading: Reading, position: int, step: int) -> Iterator[int]:
    for steps, at in enumerate(reading.path(position, step)):
        item = reading.items[at]
        stop = item.kind in _STOPPERS and not (step == 1 and item.kind == "value")
        if stop or item.has("group") or steps > 3:
            return
        if step == 1 and item.has("join"):
            return
        yield at


def _numeric(reading: Reading, at: int, side: str, value: float | None) -> Column | None:
    """The number column named here; years only where the value is one."""
    item = reading.items[at]
    if item.kind != "column":
        return None
    numeric = {
        name: column
        for name in item.columns
        if (column := reading.schema[name]).is_number
        and (not column.is_year or (value is not None and _holds(column, value)))
    }
    return numeric[pick(tuple(numeric), side, numeric)] if numeric else None


def _add(reading: Reading, column: Column, operator: Operator, values: tuple[float, ...], at: int | None) -> None:
    """With an aggregation right before the column ("total revenue above 1000") it is a condition on groups."""
    aggregation: Aggregation | None = None
    before = reading.beside(at, -1) if at is not None else None
    if before is not None and before not in reading.used:
        aggregation = _AGGREGATIONS.get(reading.items[before].cue("aggregation") or "")
    reading.filters.append(Filter(column.name, operator, values, aggregation))


def _plain(item: Item) -> float:
    number = item.number or 0.0
    return int(number) if number == int(number) else number
