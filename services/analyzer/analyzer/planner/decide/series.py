"""Decisions about time: trends, changes, running sums, moving averages."""

from analyzer.planner.decide.state import Deciding
from analyzer.planner.errors import Unanswerable
from analyzer.planner.query import Chart, Filter, Key, Measure, Query
from analyzer.planner.read.groups import BINS

DEFAULT_WINDOW = 7


def moving_or_cumulative(state: Deciding) -> Query | None:
    if not state.said("moving", "cumulative"):
        return None
    measures = state.measures[:1] or (_any_measure(state),)
    keys = _keys(state)
    chart = state.chart or "line"
    if state.said("cumulative"):
        summed = state.aggregated(tuple(Measure(measure.column) for measure in measures), "sum")
        return Query("aggregate", summed, keys, state.filters, transform="cumulative", chart=chart)
    number, unit = state.draft.window or (DEFAULT_WINDOW, None)
    if unit is not None and not state.draft.keys:
        keys = (state.time_key(unit), *keys[1:])
    if state.draft.window is None:
        state.warnings.append(f"window|{number}")
    measures = state.aggregated(tuple(Measure(measure.column) for measure in measures), _level(state, measures[0]))
    return Query("aggregate", measures, keys, state.filters, transform="moving", window=number, chart=chart)


def change(state: Deciding) -> Query | None:
    """Per period if a period is named, else from the first to the last moment."""
    if not state.said("change", "yearly", "monthly"):
        return None
    measures = state.measures[:1] or (_any_measure(state),)
    levels = state.aggregated(measures, _level(state, measures[0]))
    categories = tuple(key for key in (*state.draft.keys, *state.categories()) if not state.column(key).is_time)
    periods = [key for key in (*state.draft.keys, *state.moments()) if state.column(key).is_time]
    if state.said("yearly", "monthly"):
        periods = [state.time_key("year" if state.said("yearly") else "month")]
    if state.schema.time is None:
        raise Unanswerable("no_dates")
    filters = _as_span(state)
    if periods and not _is_natural(state, periods[0]) and len(filters) == len(state.filters):
        end = state.end()
        limit = state.draft.limit or (1 if end and state.draft.asks else None)
        return Query(
            "aggregate", levels, (periods[0], *categories[:1]), filters, transform="growth", end=end, limit=limit,
            chart=state.chart or "line",
        )  # fmt: skip
    end = state.end() or ("high" if categories else None)
    limit = state.draft.limit or (1 if state.draft.end and state.draft.asks else None)
    return Query(
        "change", levels, (state.time_key(), *categories[:1]), filters, end=end, limit=limit,
        chart=state.chart or ("bar" if categories else "line"),
    )  # fmt: skip


def over_time(state: Deciding) -> Query | None:
    """ "over time", "trend": the measures by period, one line per group."""
    if not state.said("trend"):
        return None
    measures = state.measures or ((Measure(None, "count"),) if state.draft.counting else (_any_measure(state),))
    keys = _keys(state)
    single = len(measures) == 1 and len(keys) == 1
    return Query(
        "aggregate", state.values_by(measures, keys), keys, state.filters, chart=_drawn(state, "line"),
        transform="trend" if single else None,
    )  # fmt: skip


def charted(state: Deciding) -> Query | None:
    """A chart of a number without a word about groups: over time if there is time, else its distribution."""
    if not state.wants_chart or not state.measures:
        return None
    if state.schema.time is None or state.chart == "hist":
        return None
    keys = _keys(state)
    measures = state.values_by(state.measures, keys)
    return Query("aggregate", measures, keys, state.filters, chart=_drawn(state, "line"))


def _keys(state: Deciding) -> tuple[Key, ...]:
    """A time key first, then what was asked to be told apart."""
    named = [key for key in (*state.draft.keys, *state.moments()) if state.column(key).is_time]
    groups = [key for key in (*state.draft.keys, *state.categories()) if not state.column(key).is_time]
    time = named[0] if named else state.time_key()
    return (time, *dict.fromkeys(groups[:1]))


def _is_natural(state: Deciding, key: Key) -> bool:
    return key.bucket == "day" and state.column(key).profile.step not in ("day", None)


def _as_span(state: Deciding) -> tuple[Filter, ...]:
    """ "from 2005 to 2009" said as two years is the time between them."""
    done: list[Filter] = []
    for condition in state.filters:
        if condition.operator == "during" and len(condition.values) == 2:
            condition = Filter(condition.column, "span", condition.values)
        done.append(condition)
    return tuple(done)


def _level(state: Deciding, measure: Measure) -> "str | None":
    return measure.aggregation or state.default_aggregation(measure)


def _any_measure(state: Deciding) -> Measure:
    """A measure hidden in a condition, else the one that stands out."""
    for condition in state.filters:
        if state.schema[condition.column].is_measure:
            return Measure(condition.column)
    return state.main_measure()


def _drawn(state: Deciding, usual: Chart) -> Chart:
    return state.chart or usual


__all__ = ["BINS", "change", "charted", "moving_or_cumulative", "over_time"]
