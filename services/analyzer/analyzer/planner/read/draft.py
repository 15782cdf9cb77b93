"""One question from items to a `Draft`, in passes: conditions first, then groups, measures and what is left."""

import itertools

from analyzer.planner.errors import Unanswerable
from analyzer.planner.items import Item
from analyzer.planner.query import Chart, Draft
from analyzer.planner.read.comparisons import read_comparisons
from analyzer.planner.read.groups import DEFAULT_LIMIT, read_keys, read_limit, read_subjects, read_window
from analyzer.planner.read.measures import MeasurePass
from analyzer.planner.read.periods import read_periods
from analyzer.planner.read.state import Reading
from analyzer.planner.read.values import read_flags, read_values
from analyzer.planner.schema import Schema

_CHARTS: dict[str, Chart] = {
    "line": "line", "bar": "bar", "hist": "hist", "scatter": "scatter", "box": "box", "pie": "pie",
    "heatmap": "heatmap", "none": "none",
}  # fmt: skip


def read_draft(items: tuple[Item, ...], schema: Schema) -> Draft:
    """What the question says. Raises `Unanswerable` when it names something the table does not have."""
    reading = Reading(items, schema)
    tasks = tuple(name for item in items if (name := _task(item)) is not None)
    window = read_window(reading) if "moving" in tasks else None
    read_periods(reading)
    read_comparisons(reading)
    limit = read_limit(reading)
    keys = read_keys(reading)
    read_values(reading)
    read_flags(reading)
    subjects = read_subjects(reading)
    asks = tuple(name for item in items if (name := item.cue("ask")) is not None)
    ranks = {name for item in items if (name := item.cue("rank")) is not None}
    ranking = bool(subjects or limit or ranks & {"top", "bottom"} or {"when", "who"} & set(asks))
    measured = MeasurePass(reading, ranking=ranking).run()
    if ranks & {"top", "bottom"}:
        measured.end = measured.end or ("high" if "top" in ranks else "low")
        limit = limit or DEFAULT_LIMIT
    superlative = _take_value_superlatives(reading)
    return Draft(
        tasks=(*tasks, *(name for name in ("first", "last") if name in ranks)),
        measures=tuple(measured.measures),
        aggregations=tuple(measured.loose),
        keys=(*keys, *(key for key in reading.soft_keys if key not in keys)),
        subjects=tuple(subjects),
        filters=tuple(reading.filters),
        end=measured.end or superlative,
        extreme=measured.end or measured.extreme,
        superlative=measured.superlative or _asks_for_a_thing(items),
        quality="best" if measured.quality == "best" else "worst" if measured.quality else None,
        limit=limit,
        percent=measured.percent,
        window=window,
        order=_order(items),
        chart=_chart(items),
        asks=asks,
        counting=measured.counting or superlative is not None,
        usually=any(item.has("adverb", "usually") for item in items),
        followup=_followup(items),
        unknown=_leftovers(reading),
        warnings=tuple(reading.warnings),
    )


def _task(item: Item) -> str | None:
    return item.cue("task")


def _take_value_superlatives(reading: Reading) -> str | None:
    """ "the foggiest month" has the most rows that say fog."""
    for item in reading.items:
        if item.kind == "value" and item.adjective is not None:
            return item.adjective.end
    return None


def _order(items: tuple[Item, ...]) -> str | None:
    return next((name for item in items if (name := item.cue("order")) is not None), None)


def _chart(items: tuple[Item, ...]) -> str | None:
    names = [name for item in items if (name := item.cue("chart")) is not None and not item.has("task", "columns")]
    specific = [name for name in names if name != "any"]
    return (specific or names or [None])[0]


def _asks_for_a_thing(items: tuple[Item, ...]) -> bool:
    """ "which car …", "the largest order": a word for the rows themselves, which no column is called by."""
    loud = [item for item in items if item.kind not in ("stop", "symbol")]
    return any(
        (first.has("ask", "which") or first.has("extreme")) and second.kind == "concept"
        for first, second in itertools.pairwise(loud)
    )


def _followup(items: tuple[Item, ...]) -> str | None:
    """What makes it a continuation: its first words, or one of them anywhere near the beginning."""
    loud = [item for item in items if item.kind not in ("stop", "symbol")][:3]
    if loud and loud[0].has("join", "and"):
        return "and"
    return next((name for item in loud[:2] if (name := item.cue("followup")) is not None), None)


def _leftovers(reading: Reading) -> tuple[str, ...]:
    """Words nothing could be made of. Raises `Unanswerable` for those that cannot be left out of the question."""
    words: list[str] = []
    for position in reading.positions("unknown", "concept", "adjective"):
        item = reading.items[position]
        if item.kind == "concept":
            _check_concept(reading, position)
            continue
        if item.kind == "adjective":
            if item.adjective is not None and reading.schema.with_concept(item.adjective.concept):
                raise Unanswerable("vague", word=item.text)
        elif _narrows_a_count(reading, position):
            raise Unanswerable("nothing_called", word=item.text)
        words.append(item.text)
    return tuple(words)


def _check_concept(reading: Reading, position: int) -> None:
    """A number the table lacks is not left out, unless it only adds to a name ("nonfarm employment")."""
    if not reading.words.about.is_measure(reading.items[position].concept):
        return
    for at in (position - 1, position + 1):
        if 0 <= at < len(reading.items) and reading.items[at].kind in ("column", "value"):
            return
    raise Unanswerable("nothing_called", word=reading.items[position].text)


def _narrows_a_count(reading: Reading, position: int) -> bool:
    """ "how many cursed days": the unknown word decides which are counted."""
    before, after = reading.beside(position, -1), position + 1
    if before is None or not reading.items[before].has("aggregation", "count") or after >= len(reading.items):
        return False
    return reading.items[after].kind in ("column", "concept", "unknown") or reading.items[after].has("unit")
