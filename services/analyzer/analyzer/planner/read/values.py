"""Values in a question ("rainy days", "without Phone", "France") become conditions on text and flags."""

from collections.abc import Iterator
from dataclasses import replace

from analyzer.planner.errors import Unanswerable
from analyzer.planner.items import Item
from analyzer.planner.query import Filter, Key, Operator
from analyzer.planner.read.state import Reading
from analyzer.planner.schema import Column
from warren.contracts.analyzer import Cell

_TEXT: dict[str, Operator] = {"contains": "contains", "starts": "starts", "ends": "ends"}


def read_values(reading: Reading) -> tuple[str, ...]:
    """Takes values and names that may stand in text columns; the tasks that words among them turn out to be.

    Raises `Unanswerable` for known absent values.
    """
    _read_texts(reading)
    tasks = _read_presence(reading)
    positive: dict[str, list[int]] = {}
    for position in list(reading.positions("value")):
        item = reading.items[position]
        column = _value_column(reading, position)
        if _negation(reading, position) is not None:
            _exclude(reading, column, item, position)
        else:
            positive.setdefault(column, []).append(position)
    for column, positions in positive.items():
        _include(reading, column, positions)
    _read_absent(reading)
    _read_nothing(reading)
    return tasks


def read_flags(reading: Reading) -> None:
    """A column of yes and no that is merely named ("remote employees") keeps the rows that say yes."""
    for position in list(reading.positions("column")):
        column = reading.column(position)
        if column is None or not column.is_flag:
            continue
        if column.is_number and _is_averaged(reading, position):
            continue
        negated = _negation(reading, position)
        if _is_compared(reading, position):
            reading.take(position)
            reading.soft_keys.append(Key(column.name))
            continue
        reading.take(position, negated)
        reading.filters.append(Filter(column.name, "in" if negated is None else "not_in", (column.truth,)))


def _is_averaged(reading: Reading, position: int) -> bool:
    """ "the mean of survived": ones and zeros are numbers as well."""
    before = reading.beside(position, -1)
    return before is not None and reading.items[before].has("aggregation") and not _counts(reading, before)


def _counts(reading: Reading, position: int) -> bool:
    return reading.items[position].has("aggregation", "count")


def _is_compared(reading: Reading, position: int) -> bool:
    """ "remote vs office": both sides are asked for."""
    after = reading.beside(position, 1)
    return after is not None and reading.items[after].has("task", "compare")


def _read_texts(reading: Reading) -> None:
    for position in list(reading.cues("text")):
        text, named = reading.beside(position, 1), reading.beside(position, -1)
        column = reading.column(named) if named is not None else None
        if column is None or not column.is_text:
            column = next((column for column in reading.schema.columns if column.is_text), None)
        if text is None or column is None:
            continue
        reading.take(position, text, named)
        operator = _TEXT[reading.items[position].cue("text") or "contains"]
        reading.filters.append(Filter(column.name, operator, (reading.items[text].text,)))


def _read_presence(reading: Reading) -> tuple[str, ...]:
    """ "the price is missing" is a condition, "which values are missing" asks for all that are."""
    tasks: tuple[str, ...] = ()
    for position in list(reading.cues("presence")):
        beside = (reading.beside(position, 1), reading.beside(position, -1))
        at = next((at for at in beside if at is not None and reading.column(at) is not None), None)
        column = reading.column(at) if at is not None else None
        if column is not None:
            reading.take(position, at)
            operator: Operator = "missing" if reading.items[position].has("presence", "missing") else "present"
            reading.filters.append(Filter(column.name, operator))
        elif reading.items[position].has("presence", "missing"):
            reading.take(position)
            tasks = ("missing",)
    return tasks


def _value_column(reading: Reading, position: int) -> str:
    """Of the columns that hold the value, the one named beside it, else the first."""
    columns = list(dict.fromkeys(column for column, _ in reading.items[position].values))
    for step in (-1, 1):
        at = reading.beside(position, step)
        if at is not None and reading.items[at].has("compare", "eq"):
            at = reading.beside(at, step)
        column = reading.column(at) if at is not None else None
        if column is not None and column.name in columns:
            before = reading.beside(at, -1) if at is not None else None
            if before is None or not reading.items[before].has("group"):
                reading.take(at)
            return column.name
    return columns[0]


def _negation(reading: Reading, position: int) -> int | None:
    """Position of the "without" this item stands under, also through "without rain and snow"."""
    at = reading.beside(position, -1)
    while at is not None and (reading.items[at].has("join") or reading.items[at].kind == "value"):
        at = reading.beside(at, -1)
    if at is None or not reading.items[at].has("negation"):
        return None
    return at


def _matching(item: Item, column: str) -> tuple[Cell, ...]:
    return tuple(dict.fromkeys(value for name, value in item.values if name == column))


def _exclude(reading: Reading, column: str, item: Item, position: int) -> None:
    reading.take(position, _negation(reading, position))
    reading.filters.append(Filter(column, "not_in", _matching(item, column)))


def _include(reading: Reading, column: str, positions: list[int]) -> None:
    """Several values of one column are alternatives; unless joined by "or" each is answered by itself."""
    reading.take(*positions)
    values = tuple(
        dict.fromkeys(value for position in positions for value in _matching(reading.items[position], column))
    )
    reading.filters.append(Filter(column, "in", values))
    alternatives = any(item.has("join", "or") for item in reading.items[positions[0] : positions[-1]])
    if len(positions) > 1 and not alternatives:
        reading.soft_keys.append(Key(column))
    for position in positions:
        if reading.items[position].guess:
            _warn_guess(reading, reading.items[position].text, column, _matching(reading.items[position], column))


def _warn_guess(reading: Reading, text: str, column: str, values: tuple[Cell, ...]) -> None:
    reading.warnings.append(f"value|{text}|{column}|{', '.join(str(value) for value in values)}")


def _read_absent(reading: Reading) -> None:
    """Words for values the profile does not list: looked for in open text columns when run, else refused."""
    for position in list(_names(reading)):
        item = reading.items[position]
        named = item.kind == "unknown" or item.concept in reading.words.about.names
        column = _open_column(reading, position, place=item.kind == "concept") if named else None
        if column is None:
            if item.kind == "unknown" and _is_place(reading, position):
                continue
            raise Unanswerable("nothing_called", word=item.text)
        spellings = reading.words.spellings.get(item.concept, ()) if item.kind == "concept" else ()
        values = tuple(dict.fromkeys(text.lower() for text in (item.text, *spellings)))
        negated = _negation(reading, position)
        reading.take(position, negated)
        operator: Operator = "like" if negated is None else "not_like"
        _add_like(reading, Filter(column.name, operator, values, said=(item.text,)))


def _add_like(reading: Reading, new: Filter) -> None:
    """Several names of one column are alternatives."""
    for index, known in enumerate(reading.filters):
        if (known.column, known.operator) == (new.column, new.operator):
            reading.filters[index] = replace(known, values=known.values + new.values, said=known.said + new.said)
            return
    reading.filters.append(new)


def _names(reading: Reading) -> Iterator[int]:
    for position in reading.positions("unknown", "concept"):
        item = reading.items[position]
        if (item.kind == "concept" and item.concept in reading.words.about.values) or (
            item.kind == "unknown" and item.is_name
        ):
            yield position


def _open_column(reading: Reading, position: int, *, place: bool) -> Column | None:
    """The text column a name may stand in: one named beside it, else the first whose values are not all known.

    A `place` is not looked for where titles or people stand.
    """
    about = reading.words.about
    for step in (-1, 1):
        at = reading.beside(position, step)
        column = reading.column(at) if at is not None else None
        if column is not None and column.is_open:
            reading.take(at)
            return column
    fitting = (
        column
        for column in reading.schema.columns
        if column.is_open and not (place and set(column.concepts) & (about.entities - about.places))
    )
    return next(fitting, None)


def _is_place(reading: Reading, position: int) -> bool:
    """ "in Seattle", asked of a table without places: the whole table may be about it."""
    placed = reading.word_before(position) in reading.words.place
    has_places = any(
        concept in column.concepts for column in reading.schema.columns for concept in reading.words.about.places
    )
    return placed and not has_places


def _read_nothing(reading: Reading) -> None:
    """ "days without precipitation": the number is zero."""
    for position in list(reading.positions("column")):
        column = reading.column(position)
        at = reading.beside(position, -1)
        if column is not None and column.is_measure and at is not None and reading.items[at].has("negation"):
            reading.take(position, at)
            none = Filter(column.name, "missing") if column.profile.missing else Filter(column.name, "eq", (0,))
            reading.filters.append(none)
