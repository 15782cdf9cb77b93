"""Decisions about aggregation: rankings, groups, counts, shares, single values."""

from dataclasses import replace

from analyzer.planner.dates import When
from analyzer.planner.decide.state import COUNT, Deciding
from analyzer.planner.decide.tables import row_labels
from analyzer.planner.errors import Unanswerable
from analyzer.planner.lexicon import lexicon
from analyzer.planner.query import Bucket, Chart, Filter, Key, Measure, Query

_RECURRING: dict[str, Bucket] = {"month": "month_of_year", "day": "day_of_month", "hour": "hour_of_day"}
MAX_SLICES = 8
"""More parts than this make a pie unreadable."""


def part_of_whole(state: Deciding) -> Query | None:
    """ "share of sales by region", "what percentage of days was rainy"."""
    if not state.said("share") or state.said("change"):
        return None
    parts = tuple(condition for condition in state.filters if _is_part(state, condition))
    whole = tuple(condition for condition in state.filters if condition not in parts)
    keys = tuple(key for key in state.draft.keys if not (parts and any(key.column == part.column for part in parts)))
    measures = state.aggregated(state.measures[:1], "sum") if state.measures else (COUNT,)
    if not parts and not keys:
        keys = tuple(state.categories()[:1])
    if parts:
        return Query("part", measures, keys[:1], whole, part=parts, chart=state.chart)
    if not keys:
        raise Unanswerable("share_of_what")
    if state.draft.unknown and not state.measures:
        raise Unanswerable("nothing_called", word=state.draft.unknown[0])
    count = state.column(keys[0]).profile.distinct
    time = state.column(keys[0]).is_time
    chart: Chart = "line" if time else "pie" if count <= MAX_SLICES else "bar"
    return Query(
        "aggregate", measures, keys[:2], whole, transform="share", end=None if time else state.end() or "high",
        limit=state.draft.limit, chart=state.chart or chart,
    )  # fmt: skip


def _is_part(state: Deciding, condition: Filter) -> bool:
    """Dates and exclusions say what the whole is, other conditions which part of it."""
    whole = state.schema[condition.column].is_time or condition.operator.startswith("not_")
    return not whole or (len(state.filters) == 1 and not state.draft.keys and condition.operator.startswith("not_"))


def grouped(state: Deciding) -> Query | None:
    """Measures by keys."""
    keys = state.draft.keys or _implied_keys(state)
    if not keys:
        return None
    if state.draft.counting and state.draft.unknown and state.column(keys[0]).is_unique:
        raise Unanswerable("nothing_called", word=state.draft.unknown[0])
    if state.draft.counting and not state.draft.counted and not state.measures:
        keys = (*keys, *(key for key in state.categories() if key not in keys))
    measures = _measures(state, keys)
    if measures == (COUNT,) and not state.draft.counting and state.draft.unknown and not state.said("rows", "share"):
        raise Unanswerable("nothing_called", word=state.draft.unknown[0])
    keys = _crossed(tuple(sorted(keys, key=lambda key: not state.column(key).is_time))[:2])
    end = state.end() or ("high" if state.said("sort") else None)
    time = state.column(keys[0]).is_time or keys[0].bucket is not None
    if end is None and not time and len(keys) == 1 and not keys[0].bins:
        end = "high" if not state.column(keys[0]).is_number else None
    return Query(
        "aggregate", measures, keys, state.filters, state.having, end=end, limit=state.draft.limit,
        chart=_group_chart(state, keys),
    )  # fmt: skip


def counted(state: Deciding) -> Query | None:
    """ "how many": rows, distinct things, or the total of a countable number."""
    if not (state.draft.counting or state.said("rows")) or state.draft.aggregations:
        return None
    countable = [measure for measure in state.measures if _is_countable(state, measure)]
    if countable:
        return Query("aggregate", state.aggregated(tuple(countable[:1]), "sum"), (), state.filters)
    if state.measures and state.schema.time is not None and state.schema.time.is_unique:
        return None
    things = [*state.categories(), *(key for key in state.moments() if not state.is_row_per(key))]
    filters = (*state.filters, *(replace(condition, aggregation=None) for condition in state.having))
    if things and not state.labels():
        key = things[0]
        return Query("aggregate", (Measure(key.column, "nunique", bucket=key.bucket),), (), filters)
    if not (filters or state.draft.subjects or state.measures):
        return None
    return Query("aggregate", (COUNT,), (), filters)


def looked_up(state: Deciding) -> Query | None:
    """A number of one named row: "population of France", "temp_max on 2013-07-04"."""
    plain = all(measure.aggregation is None and measure.operator is None for measure in state.measures)
    asked = state.measures or (state.categories() and not state.draft.counting)
    if not asked or not plain or state.draft.aggregations or state.draft.keys or state.draft.tasks:
        return None
    if not any(_names_a_row(state, condition) for condition in state.filters):
        return None
    names = tuple(dict.fromkeys(measure.column for measure in state.measures if measure.column))
    names += tuple(key.column for key in state.categories())
    labels = (*(condition.column for condition in state.filters), *row_labels(state))
    shown = tuple(dict.fromkeys((*labels[:2], *names)))
    return Query("rows", state.measures, filters=state.filters, columns=shown, chart=state.chart)


def found_when(state: Deciding) -> Query | None:
    """ "when was the price above 100": the moments, or with "first" the earliest of them."""
    limits = [condition for condition in state.filters if state.schema[condition.column].is_measure]
    if "when" not in state.draft.asks or not limits or state.schema.time is None:
        return None
    time = state.schema.time.name
    earliest = state.said("earliest", "first")
    shown = tuple(dict.fromkeys((time, *(condition.column for condition in limits))))
    return Query(
        "rows", (Measure(limits[0].column),), filters=state.filters, columns=shown, by=time if earliest else None,
        end="low" if earliest else None, limit=1 if earliest else None,
    )  # fmt: skip


def scalar(state: Deciding) -> Query | None:
    """One value for all rows that meet the conditions."""
    if not state.measures and not state.draft.aggregations:
        return None
    if state.wants_chart and all(measure.aggregation is None for measure in state.measures):
        return None
    if not state.measures and not any(state.schema[condition.column].is_measure for condition in state.filters):
        modes = [key for key in state.draft.subjects if "mode" in state.draft.aggregations]
        if modes:
            return Query("aggregate", (COUNT,), (modes[0],), state.filters, end="high", limit=1, chart="bar")
    end = state.end()
    measures = _measures(state)
    if end is not None and all(measure.aggregation is None for measure in state.measures):
        measures = tuple(replace(measure, aggregation="max" if end == "high" else "min") for measure in measures)
    filters = (*state.filters, *(replace(condition, aggregation=None) for condition in state.having))
    return Query("aggregate", measures, (), filters)


# Parts of the decisions


def _crossed(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """ "by month and year" crosses the months of the year with the years, not each month with the year it is in."""
    if len(keys) < 2 or keys[0].column != keys[1].column or None in (keys[0].bucket, keys[1].bucket):
        return keys
    crossed = (replace(key, bucket=_RECURRING.get(str(key.bucket), key.bucket)) for key in keys)
    return tuple(sorted(crossed, key=lambda key: key.bucket not in _RECURRING.values()))


def _implied_keys(state: Deciding) -> tuple[Key, ...]:
    """Subjects that are meant as groups: "average health of regions", "regions with total revenue above …"."""
    categories = tuple(state.categories())
    moments = tuple(key for key in state.moments() if not state.is_row_per(key) and state.having)
    if state.having:
        return categories[:1] or moments[:1]
    cycles = tuple(
        key for key in state.moments() if key.bucket in ("month_of_year", "season", "weekday", "hour_of_day")
    )
    if cycles and state.measures and not state.draft.counting:
        return cycles[:1]
    several = state.said("compare", "difference") or state.wants_chart or state.said("sort")
    measured = state.measures or state.draft.aggregations
    periods = tuple(key for key in state.moments() if not state.is_row_per(key))
    if state.said("sort") and periods and state.measures:
        return periods[:1]
    if categories and (measured or several) and not state.draft.counting:
        return categories[:2] if state.wants_chart else categories[:1]
    return ()


def _measures(state: Deciding, keys: tuple[Key, ...] = ()) -> tuple[Measure, ...]:
    """What to compute by `keys`, with aggregations. A condition's column is measured when nothing else is."""
    if state.measures:
        series = state.schema.time is not None and state.schema.time.is_unique and not state.draft.keys
        if state.draft.counting and not series and not any(_is_countable(state, item) for item in state.measures):
            return (COUNT,)
        if state.draft.counting:
            return state.aggregated(state.measures, "sum")
        return state.values_by(state.measures, keys)
    if state.draft.counting and state.draft.counted and not state.draft.aggregations:
        return (Measure(state.draft.counted, "nunique"),)
    having = [Measure(condition.column, condition.aggregation) for condition in state.having]
    if having:
        return tuple(having[:1])
    loose = [name for name in state.draft.aggregations if name != "mode"]
    if not loose and state.said("compare") and not state.draft.counting and state.has_main_measure:
        return state.aggregated((state.main_measure(),))
    if not loose:
        return (COUNT,)
    if state.said("columns"):
        return tuple(Measure(column.name, name) for column in state.schema.measures for name in loose)
    column = next((item.column for item in state.filters if state.schema[item.column].is_measure), None)
    base = Measure(column) if column is not None else state.main_measure()
    return state.aggregated(tuple(replace(base, aggregation=name) for name in loose))


def _is_countable(state: Deciding, measure: Measure) -> bool:
    if measure.column is None:
        return False
    return any(concept in lexicon().about.countable for concept in state.schema[measure.column].concepts)


def _names_a_row(state: Deciding, condition: Filter) -> bool:
    column = state.schema[condition.column]
    if condition.operator in ("in", "like") and column.is_unique:
        return len(condition.values) == 1 or condition.operator == "like"
    if condition.operator != "during" or len(condition.values) != 1 or not column.is_time:
        return False
    when = condition.values[0]
    if not isinstance(when, When) or not when.is_period or when.until_year is not None or when.months:
        return False
    size = "day" if when.day else "month" if when.month else "year"
    return size == column.profile.step or column.is_year


def _group_chart(state: Deciding, keys: tuple[Key, ...]) -> Chart:
    if state.chart is not None:
        return state.chart
    first = keys[0]
    bars = ("weekday", "month_of_year", "day_of_month", "season")
    if len(keys) == 1 and any(
        item.column == first.column and item.operator == "during" and len(item.values) == 2 for item in state.filters
    ):
        return "bar"
    if any(state.column(key).is_time and key.bucket not in bars for key in keys):
        return "bar" if first.bucket in bars else "line"
    if len(keys) == 2 and all(state.column(key).profile.distinct > MAX_SLICES for key in keys):
        return "heatmap"
    return "bar"
