"""One question from items to a `Draft`, in passes: conditions first, then groups, measures and what is left."""

import itertools
from typing import Literal

from analyzer.planner.errors import Unanswerable
from analyzer.planner.items import Item
from analyzer.planner.lexicon import lexicon
from analyzer.planner.query import Chart, Draft, End
from analyzer.planner.read.comparisons import read_comparisons
from analyzer.planner.read.groups import DEFAULT_LIMIT, read_keys, read_limit, read_pair, read_subjects, read_window
from analyzer.planner.read.measures import MeasurePass
from analyzer.planner.read.periods import read_periods
from analyzer.planner.read.rewrite import rewrite
from analyzer.planner.read.state import Reading
from analyzer.planner.read.values import read_flags, read_values
from analyzer.planner.schema import Schema
from analyzer.planner.text import stem

_CHARTS: dict[str, Chart] = {
    "line": "line", "bar": "bar", "hist": "hist", "scatter": "scatter", "box": "box", "pie": "pie",
    "heatmap": "heatmap", "none": "none",
}  # fmt: skip


def read_draft(items: tuple[Item, ...], schema: Schema) -> Draft:
    """What the question says. Raises `Unanswerable` when it names something the table does not have."""
    items = rewrite(items, schema)
    reading = Reading(items, schema)
    tasks = tuple(name for position, item in enumerate(items) if (name := _task(reading, position, item)) is not None)
    window = read_window(reading) if "moving" in tasks else None
    read_periods(reading)
    read_comparisons(reading)
    limit = read_limit(reading)
    tasks += read_pair(reading)
    keys = read_keys(reading)
    tasks += read_values(reading)
    read_flags(reading)
    subjects = read_subjects(reading)
    asks = _asks(items)
    ranks = {name for item in items if (name := item.cue("rank")) is not None}
    thing = _asks_for_a_thing(items)
    ranking = bool(subjects or limit or thing or ranks & {"top", "bottom"} or {"when", "who"} & set(asks))
    measured = MeasurePass(reading, ranking=ranking).run()
    if ranks & {"top", "bottom"}:
        measured.end = measured.end or ("high" if "top" in ranks else "low")
        limit = limit or DEFAULT_LIMIT
    superlative = _take_value_superlatives(reading)
    return Draft(
        tasks=(*tasks, *_extra_tasks(items, ranks)),
        measures=tuple(measured.measures),
        aggregations=tuple(measured.loose),
        keys=(*keys, *(key for key in reading.soft_keys if key not in keys)),
        subjects=tuple(subjects),
        filters=tuple(reading.filters),
        end=measured.end or superlative,
        extreme=measured.end or measured.extreme,
        superlative=measured.superlative or thing,
        selector=measured.selector,
        thing=thing,
        counted=_counted(reading, items),
        quality="best" if measured.quality == "best" else "worst" if measured.quality else None,
        limit=limit,
        percent=measured.percent,
        window=window,
        order=_order(items),
        chart=_chart(items),
        asks=asks,
        counting=measured.counting or superlative is not None,
        usually=any(item.has("adverb", "usually") for item in items),
        falling=any(item.has("direction", "down") for item in items),
        comparing=sum(1 for item in items if item.adjective and item.adjective.degree == "comparative") > 1,
        past=any(word in reading.words.past for item in items for word in item.text.lower().split()),
        followup=_followup(items),
        unknown=_leftovers(reading),
        warnings=tuple(reading.warnings),
    )


def _asks(items: tuple[Item, ...]) -> tuple[str, ...]:
    """What is asked for. "When" and "where" only ask at either end: in between they mean "in case that"."""
    loud = [item for item in items if item.kind not in ("stop", "symbol")]
    ends = (*loud[:2], *loud[-1:])
    return tuple(
        name
        for item in loud
        if (name := item.cue("ask")) is not None and (name not in ("when", "where") or item in ends)
    )


def _task(reading: Reading, position: int, item: Item) -> str | None:
    """What it is to do; "dropped below 0" only compares, "changed between 2012 and 2015" does not."""
    following = [reading.items[at] for at in itertools.islice(reading.path(position, 1), 2)]
    if item.has("task", "change") and len(following) == 2 and following[0].has("compare"):
        return item.cue("task") if following[1].kind == "date" else None
    return item.cue("task")


def _take_value_superlatives(reading: Reading) -> End | None:
    """ "the foggiest month" has the most rows that say fog."""
    for item in reading.items:
        if item.kind == "value" and item.adjective is not None:
            return item.adjective.end
    return None


def _extra_tasks(items: tuple[Item, ...], ranks: set[str]) -> tuple[str, ...]:
    percent = any(item.has("adverb", "percent") and not item.has("task", "share") for item in items)
    return (*(name for name in ("first", "last") if name in ranks), *(("share",) if percent else ()))


def _counted(reading: Reading, items: tuple[Item, ...]) -> str | None:
    """The column whose values are counted: "number of products", not "product counts"."""
    for position, item in enumerate(items):
        after = reading.beside(position, 1)
        column = reading.column(after) if item.has("aggregation", "count") and after is not None else None
        if column is not None and column.is_text and not column.is_unique:
            return column.name
    return None


def _order(items: tuple[Item, ...]) -> Literal["ascending", "descending"] | None:
    said = [name for item in items if (name := item.cue("order")) is not None]
    return None if not said else "descending" if said[0] == "descending" else "ascending"


def _chart(items: tuple[Item, ...]) -> Chart | Literal["any"] | None:
    names = [name for item in items if (name := item.cue("chart")) is not None and not item.has("task", "columns")]
    specific = [_CHARTS[name] for name in names if name in _CHARTS]
    return specific[0] if specific else "any" if names else None


def _asks_for_a_thing(items: tuple[Item, ...]) -> bool:
    """ "which car …", "the largest order": a word for the rows themselves, which no column is called by."""
    asked = any(item.has("ask", "which") or item.has("extreme") for item in items)
    return asked and any(item.kind == "concept" and item.concept in lexicon().about.entities for item in items)


def _followup(items: tuple[Item, ...]) -> str | None:
    """What makes it a continuation: its first words, or one of them anywhere near the beginning."""
    if any(item.has("followup", "also") for item in items):
        return "also"
    if any(item.has("followup", "now") and len(item.text) > 1 for item in items):
        return "now"
    loud = [item for item in items if item.kind not in ("stop", "symbol")][:3]
    if loud and loud[0].has("join", "and"):
        return "and"
    return next((name for item in loud[:2] if (name := item.cue("followup")) is not None), None)


def _leftovers(reading: Reading) -> tuple[str, ...]:
    """Words nothing could be made of. Raises `Unanswerable` for those that cannot be left out of the question."""
    words: list[str] = []
    for position in reading.positions("unknown", "concept", "adjective"):
        item = reading.items[position]
        if any(cue.kind == "compare" for cue in reading.words.cues.get((stem(item.text),), ())):
            raise Unanswerable("compare_number", word=item.text)
        if item.kind == "concept":
            if reading.words.about.is_measure(item.concept) and not _adds_to_a_name(reading, position):
                _check_concept(reading, position)
                words.append(item.text)
            continue
        if item.kind == "adjective":
            if item.adjective is not None and reading.schema.with_concept(*item.adjective.concepts):
                raise Unanswerable("vague", word=item.text)
        elif _narrows_a_count(reading, position) or any(character.isdigit() for character in item.text):
            raise Unanswerable("nothing_called", word=item.text)
        words.append(item.text)
    return tuple(words)


def _adds_to_a_name(reading: Reading, position: int) -> bool:
    """ "nonfarm employment": the table says the one word, and means the other as well."""
    beside = [at for at in (position - 1, position + 1) if 0 <= at < len(reading.items)]
    return any((column := reading.column(at)) is not None and column.is_measure for at in beside)


def _check_concept(reading: Reading, position: int) -> None:
    """A number the table lacks is not left out where it is what is asked for, or one of two that are related."""
    related = any(item.has("task", "correlation", "ratio", "difference", "matrix") for item in reading.items)
    before = reading.beside(position, -1)
    grouped = before is not None and reading.items[before].has("group")
    measured = any(
        reading.schema[name].is_measure for item in reading.items if item.kind == "column" for name in item.columns
    )
    counted = before is not None and reading.items[before].has("aggregation", "count")
    if counted and reading.items[position].concept in reading.words.about.events:
        return
    if measured and not related and not grouped:
        return
    raise Unanswerable("nothing_called", word=reading.items[position].text)


def _narrows_a_count(reading: Reading, position: int) -> bool:
    """ "how many cursed days": the unknown word decides which are counted."""
    before, after = reading.beside(position, -1), position + 1
    if before is None or not reading.items[before].has("aggregation", "count") or after >= len(reading.items):
        return False
    column = reading.column(after)
    subject = column is not None and not column.is_measure and not column.is_flag
    return subject or reading.items[after].kind in ("concept", "unknown") or reading.items[after].has("unit")
