"""Decisions about order: which thing or row has the most, the top few, the most common."""

from dataclasses import replace

from analyzer.planner.decide.state import COUNT, Deciding
from analyzer.planner.decide.tables import row_labels
from analyzer.planner.errors import Unanswerable
from analyzer.planner.query import Aggregation, Chart, End, Key, Measure, Query

MAX_SHOWN = 10
"""Columns of a list of rows."""


def frequent(state: Deciding) -> Query | None:
    """ "the most common weather": counts, most first."""
    if not state.said("frequent", "rare"):
        return None
    keys = (*state.categories(), *state.draft.keys, *state.moments(), *state.draft.subjects)
    if not keys:
        raise Unanswerable("which_column")
    end: End = "low" if state.said("rare") else "high"
    return Query(
        "aggregate",
        (COUNT,),
        keys[:1],
        state.filters,
        end=end,
        limit=state.draft.limit or 1,
        chart=state.chart or "bar",
    )


def ranking(state: Deciding) -> Query | None:
    """ "top 3", "which … has the most", "when was … lowest": things or rows in order of a number."""
    asked = state.draft.limit is not None or {"when", "who"} & set(state.draft.asks) or state.draft.superlative
    if (
        not (asked or state.draft.subjects)
        or state.end() is None
        or (state.draft.order and not state.draft.limit and state.draft.keys)
    ):
        return None
    if state.draft.limit is None and state.draft.keys and not state.draft.end and not state.draft.quality:
        return None
    key = _ranked(state)
    measures = state.measures or _implied(state, key)
    if key is not None and _wants_groups(state, key, measures[0]):
        return _rank_groups(state, key, measures)
    return _rank_rows(state, measures)


def _ranked(state: Deciding) -> Key | None:
    """What is put in order: the thing asked for, else what rows are grouped by."""
    keys = [key for key in (*state.draft.subjects, *state.draft.keys) if not state.column(key).is_identifier]
    if not keys or (state.column(keys[0]).is_unique and not state.column(keys[0]).is_time):
        return None
    return keys[0]


def _implied(state: Deciding, key: Key | None) -> tuple[Measure, ...]:
    """Nothing measured: "the most rainy days" counts rows, "the largest country" means its main number."""
    filtered = [condition for condition in state.filters if not state.schema[condition.column].is_time]
    if state.draft.quality is not None:
        return (state.main_measure(),)
    loose = [name for name in state.draft.aggregations if name != "mode"]
    if loose:
        return (replace(state.main_measure(), aggregation=loose[0]),)
    things = filtered or state.labels() or len(state.draft.subjects) > 1 or state.draft.thing
    if state.draft.counting or (key is not None and (things or not state.has_main_measure)):
        return (COUNT,)
    return (state.main_measure(),)


def _wants_groups(state: Deciding, key: Key, measure: Measure) -> bool:
    if measure.column is None or measure.aggregation is not None:
        return True
    if "when" in state.draft.asks:
        return False
    column = state.column(key)
    if not column.is_time:
        return True
    if key.bucket in (None, column.profile.step) and not column.is_year:
        return state.schema[measure.column].is_total and not column.is_unique
    return True


def _rank_groups(state: Deciding, key: Key, measures: tuple[Measure, ...]) -> Query:
    end = state.end(measures[0])
    if measures[0].aggregation is None and measures[0].column is not None and _is_record(state, key):
        extreme: Aggregation = "max" if end == "high" else "min"
        measures = (replace(measures[0], aggregation=extreme), *measures[1:])
    measures = state.aggregated(measures)
    if state.draft.usually and key.bucket == "month":
        key = Key(key.column, "month_of_year")
    limit = state.draft.limit or (None if state.said("sort") else 1)
    chart: Chart = "line" if key.bucket in ("hour", "day", "week", "month") else "bar"
    return Query(
        "aggregate", measures[:1], (key,), state.filters, state.having, end=end, limit=limit, chart=state.chart or chart
    )


def _is_record(state: Deciding, key: Key) -> bool:
    """ "which symbol had the highest price", in a table of moments: its record, not its mean."""
    measure = state.measures[0] if state.measures else None
    if measure is None or measure.column is None or state.schema.time is None:
        return False
    said_extreme = not state.draft.quality and not state.draft.superlative and state.draft.limit is None
    said_extreme = said_extreme and state.draft.past
    return (
        said_extreme
        and key.bucket not in ("weekday", "hour_of_day", "month_of_year", "season")
        and not state.schema[measure.column].is_total
        and not state.draft.usually
    )


def _rank_rows(state: Deciding, measures: tuple[Measure, ...]) -> Query:
    """Rows in order; with a key the first of each group."""
    measure = next((measure for measure in measures if measure.column is not None), None) or state.main_measure()
    if measure.column is None:
        raise Unanswerable("which_column")
    labels = row_labels(state)
    keys = tuple(key for key in state.draft.keys[:1] if not key.bins and state.draft.limit is None)
    also = (item.column for item in measures if item.column is not None)
    shown = tuple(dict.fromkeys((*labels, measure.column, *also)))
    rest = tuple(name for name in state.schema.names if name not in shown)
    columns = (*shown, *rest) if len(shown) + len(rest) <= MAX_SHOWN else shown
    return Query(
        "rows", (Measure(measure.column),), keys, filters=state.filters, columns=columns, by=measure.column,
        end=state.end(measure), limit=state.draft.limit or 1, chart=state.chart,
    )  # fmt: skip
