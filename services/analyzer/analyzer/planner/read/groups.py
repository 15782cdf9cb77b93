"""What rows are grouped by ("by region", "monthly", "for each symbol") and how many are wanted ("top 3")."""

from analyzer.planner.dates import Unit
from analyzer.planner.errors import Unanswerable
from analyzer.planner.items import Item
from analyzer.planner.query import Bucket, Key
from analyzer.planner.read.state import Reading
from analyzer.planner.schema import Column
from analyzer.planner.text import stem

BUCKETS: dict[str, Bucket] = {
    "second": "second", "minute": "minute", "hour": "hour", "day": "day", "week": "week", "month": "month",
    "quarter": "quarter", "year": "year", "weekday": "weekday", "hour_of_day": "hour_of_day",
    "month_of_year": "month_of_year", "day_of_month": "day_of_month", "season": "season", "decade": "decade",
}  # fmt: skip
_WINDOWS: dict[str, Unit] = {
    "second": "second", "minute": "minute", "hour": "hour", "day": "day", "week": "week", "month": "month",
    "quarter": "quarter", "year": "year",
}  # fmt: skip
DEFAULT_LIMIT = 5
"""How many "the top products" are."""
BINS = 10


def time_key(reading: Reading, bucket: Bucket | None) -> Key:
    """The table's time column cut into `bucket`; whole years need no cutting where the column holds years."""
    column = reading.need_time()
    if column.is_date:
        return Key(column.name, bucket)
    if bucket not in (None, "year", "decade"):
        reading.need_time(date_only=True)
    return Key(column.name, "decade" if bucket == "decade" else None)


def read_keys(reading: Reading) -> list[Key]:
    """Takes everything that stands after "by", and adverbs like "monthly"."""
    keys: list[Key] = []
    for position in list(reading.cues("group")):
        found = _keys_after(reading, position)
        if found:
            reading.take(position)
            keys += [key for key in found if key not in keys]
    for position in list(reading.cues("per")):
        key = time_key(reading, BUCKETS[reading.items[position].cue("per") or "day"])
        reading.take(position)
        keys += [key] if key not in keys else []
    for position in list(reading.cues("unit")):
        if _is_attribute(reading, position):
            reading.take(position)
            if _is_each_row(reading, position):
                continue
            key = time_key(reading, BUCKETS[reading.items[position].cue("unit") or "day"])
            keys += [key] if key not in keys else []
    return keys


def read_pair(reading: Reading) -> tuple[str, ...]:
    """Takes the "per" of "price per square foot" and the "over" of "price over area": numbers nothing is grouped by."""
    for position in list(reading.cues("group")):
        before, after = reading.beside(position, -1), reading.beside(position, 1)
        word = stem(reading.items[position].text)
        if before is None or after is None or word not in reading.words.per | reading.words.over:
            continue
        columns = reading.column(before), reading.column(after)
        if all(column is not None and column.is_measure and not column.is_discrete for column in columns):
            reading.take(position)
            return ("ratio" if word in reading.words.per else "compare",)
    return ()


def read_subjects(reading: Reading) -> list[Key]:
    """Takes the columns and units that name things without being grouped by: "which month", "5 countries"."""
    subjects: list[Key] = []
    for position in list(reading.positions("column", "cue")):
        item = reading.items[position]
        key: Key | None = None
        if item.kind == "cue" and item.has("unit"):
            key = _unit_subject(reading, position)
        else:
            column = reading.column(position)
            if column is not None and not column.is_measure:
                key = _column_key(column) if item.head else None
                reading.take(position)
        if key is not None and key not in subjects:
            subjects.append(key)
    return subjects


def read_limit(reading: Reading) -> int | None:
    """Takes the number of results wanted: "top 3", "5 largest", "which 5 countries", "first 10 rows"."""
    for position in list(reading.positions("number")):
        number = reading.items[position].number or 0.0
        if number == int(number) and 1 <= number <= 1000 and _is_limit(reading, position):
            reading.take(position)
            return int(number)
    return None


def read_window(reading: Reading) -> tuple[int, Unit | None] | None:
    """Takes "7-day" and "12 months" for a moving average."""
    for position in list(reading.positions("number")):
        number = int(reading.items[position].number or 0)
        after = reading.beside(position, 1)
        if number < 2:
            continue
        unit: Unit | None = None
        if after is not None and reading.items[after].has("unit"):
            unit = _WINDOWS.get(reading.items[after].cue("unit") or "")
            reading.take(after)
        elif after is not None and (column := reading.column(after)) is not None and column.is_date:
            unit = "day"
            reading.take(after)
        reading.take(position)
        return number, unit
    return None


def _keys_after(reading: Reading, position: int) -> list[Key]:
    found: list[Key] = []
    skipped: list[int] = []
    taken: list[int] = []
    for at in reading.path(position, 1):
        item = reading.items[at]
        if at in reading.used or item.has("join", "and"):
            continue
        if item.has("aggregation", "count") and not found:
            skipped.append(at)
            continue
        column = reading.column(at)
        if found and found[-1].bucket and column is not None and column.is_date and reading.beside(at, -1) in taken:
            found[-1] = Key(column.name, found[-1].bucket)
            reading.take(at)
            continue
        key = _key(reading, at, first=not found)
        if key is None:
            if item.kind == "unknown" and not found:
                raise Unanswerable("nothing_called", word=item.text)
            break
        if skipped and reading.schema[key.column].is_text and reading.schema[key.column].is_unique:
            reading.take(at)  # "by number of countries", of a table with a row for each: the rows are counted
            break
        found.append(key)
        taken.append(at)
        reading.take(at, *skipped)
    return found


def _key(reading: Reading, position: int, *, first: bool) -> Key | None:
    item = reading.items[position]
    if item.has("unit"):
        return time_key(reading, BUCKETS[item.cue("unit") or "day"])
    column = reading.column(position)
    if column is None:
        return None
    if column.is_measure and not column.is_discrete:
        return Key(column.name, bins=BINS) if first and _is_condition(reading, position) else None
    if column.is_measure and not _has_measure(reading, position):
        return None
    return _column_key(column)


def _has_measure(reading: Reading, position: int) -> bool:
    """Whether another number of the question is there to be measured."""
    own = reading.items[position].columns[:1]
    return any(
        reading.items[at].columns[:1] != own and (column := reading.column(at)) is not None and column.is_measure
        for at in reading.positions("column")
    ) or any(True for _ in reading.cues("aggregation", "count"))


def _is_condition(reading: Reading, position: int) -> bool:
    """ "average price by area": a number to cut into ranges, if an average of another number is asked for."""
    averaged = any(True for _ in reading.cues("aggregation"))
    ranked = any(True for kind in ("rank", "extreme") for _ in reading.cues(kind))
    listed = any(True for _ in reading.cues("task", "sort", "compare"))
    return averaged and not ranked and not listed and _has_measure(reading, position)


def _column_key(column: Column) -> Key:
    return Key(column.name, column.profile.step or "day") if column.is_date else Key(column.name)


def _is_attribute(reading: Reading, position: int) -> bool:
    """ "monthly revenue", "daily mean": a unit right before what is measured, and no question word before it."""
    item = reading.items[position]
    before, after = reading.beside(position, -1), reading.beside(position, 1)
    if before is not None and _asks_for_one(reading.items[before]):
        return False
    if item.text.lower().endswith(reading.words.periodic_endings):
        return True
    if after is None or position + 1 != after or (before is not None and reading.items[before].kind == "number"):
        return False
    column = reading.column(after)
    return (column is not None and column.is_measure) or reading.items[after].has("aggregation")


def _is_each_row(reading: Reading, position: int) -> bool:
    """ "average daily wind", of a table with one row a day: the average of all rows."""
    before, time = reading.beside(position, -1), reading.schema.time
    averaged = before is not None and reading.items[before].has("aggregation")
    return averaged and time is not None and time.is_unique and reading.items[position].cue("unit") == time.profile.step


def _asks_for_one(item: Item) -> bool:
    superlative = item.adjective is not None and item.adjective.degree == "superlative"
    return item.has("ask") or item.has("extreme") or item.has("rank") or superlative


def _unit_subject(reading: Reading, position: int) -> Key | None:
    """Units name what is asked for ("which month", "3 days"); in a table without dates they are mere words."""
    reading.take(position)
    if reading.schema.time is None:
        before = reading.beside(position, -1)
        asked = before is not None and reading.items[before].has("ask")
        return time_key(reading, None) if asked else None
    name = reading.items[position].cue("unit") or "day"
    if not reading.schema.time.is_date and name not in ("year", "decade"):
        return None
    return time_key(reading, BUCKETS[name])


def _is_limit(reading: Reading, position: int) -> bool:
    before, after = reading.beside(position, -1), reading.beside(position, 1)
    if before is not None:
        item = reading.items[before]
        if _asks_for_one(item) or item.has("task", "list", "head", "tail", "sort", "frequent", "rare"):
            return True
    if after is None:
        return False
    item = reading.items[after]
    if _asks_for_one(item) or item.has("task", "list", "rows", "frequent", "rare"):
        return True
    following = reading.beside(after, 1)
    adjective = item.kind == "adjective" or item.has("task", "list")
    return adjective or (following is not None and before is None and item.kind == "column")
