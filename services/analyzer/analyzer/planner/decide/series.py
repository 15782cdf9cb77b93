"""Decisions about time: trends, changes, running sums, moving averages."""

from dataclasses import replace

from analyzer.planner.dates import When
from analyzer.planner.decide.state import Deciding
from analyzer.planner.errors import Unanswerable
from analyzer.planner.query import Aggregation, Chart, Filter, Key, Measure, Query

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


def correlated_lines(state: Deciding) -> Query | None:
    """The correlation of one number between several values of a column, moment by moment: AAPL with MSFT."""
    groups = [key for key in state.draft.keys if state.column(key).is_text]
    names = {measure.column for measure in state.measures}
    if not state.said("correlation", "matrix") or len(names) > 1 or not groups or state.schema.time is None:
        return None
    if groups[0].column not in {condition.column for condition in state.filters} and not state.said("matrix"):
        return None
    if not names and not state.has_main_measure:
        return None
    measures = state.measures[:1] or (state.main_measure(),)
    return Query("matrix", measures, (state.time_key(), groups[0]), state.filters, chart="heatmap")


def change(state: Deciding) -> Query | None:
    """Per period if a period is named, else from the first to the last moment."""
    if not state.said("change", "yearly", "monthly"):
        return None
    if state.draft.tasks == ("change",) and not state.names_anything:
        raise Unanswerable("nothing_named")
    measures = state.measures[:1] or (_any_measure(state),)
    end = state.end()
    if measures[0].aggregation in ("max", "min"):
        end, measures = end or state.draft.extreme, (replace(measures[0], aggregation=None),)
    levels = state.aggregated(measures, _level(state, measures[0]))
    categories = tuple(key for key in (*state.draft.keys, *state.categories()) if not state.column(key).is_time)
    periods = [key for key in (*state.draft.keys, *state.moments()) if state.column(key).is_time]
    if state.said("yearly", "monthly"):
        periods = [state.time_key("year" if state.said("yearly") else "month")]
    if end is not None and not categories and not periods:
        periods = [state.time_key()]
    limit = state.draft.limit or (1 if end is not None and not state.draft.order and not state.said("sort") else None)
    having: tuple[Filter, ...] = ()
    if end is not None and state.draft.falling:
        end, having = "low" if end == "high" else "high", (Filter(levels[0].column or "", "lt", (0,)),)
    filters = _as_span(state)
    if periods and not _is_natural(state, periods[0]):
        return Query(
            "aggregate", levels, (periods[0], *categories[:1]), filters, having, transform="growth", end=end,
            limit=limit, chart=state.chart or "line",
        )  # fmt: skip
    keys = (_compared_periods(state, levels[0], filters), *categories[:1])
    return Query(
        "change", levels, keys, filters, having, end=end or ("high" if categories else None), limit=limit,
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


def _compared_periods(state: Deciding, level: Measure, filters: tuple[Filter, ...]) -> Key:
    """Single moments are compared, but totals only make sense over longer periods: years if years are named."""
    time = state.time_key()
    if level.aggregation != "sum" or not state.column(time).is_date:
        return time
    spans = [condition.values for condition in filters if condition.operator == "span"]
    if any(isinstance(when, When) and when.month is None for values in spans for when in values):
        return state.time_key("year")
    return time if state.is_row_per(time) else state.time_key("month")


def _is_natural(state: Deciding, key: Key) -> bool:
    return key.bucket == "day" and state.column(key).profile.step not in ("day", None)


def _as_span(state: Deciding) -> tuple[Filter, ...]:
    """ "from 2005 to 2009" said as two years is the time between them."""
    done: list[Filter] = []
    for condition in state.filters:
        two = condition.operator == "during" and len(condition.values) == 2
        done.append(Filter(condition.column, "span", condition.values) if two else condition)
    return tuple(done)


def _level(state: Deciding, measure: Measure) -> Aggregation:
    return measure.aggregation or state.default_aggregation(measure)


def _any_measure(state: Deciding) -> Measure:
    """A measure hidden in a condition, else the one that stands out."""
    for condition in state.filters:
        if state.schema[condition.column].is_measure:
            return Measure(condition.column)
    return state.main_measure()


def _drawn(state: Deciding, usual: Chart) -> Chart:
    return state.chart or usual
