"""Decisions about whole tables and columns: overview, missing values, correlation, distribution, lists of rows."""

from analyzer.planner.decide.state import Deciding
from analyzer.planner.errors import Unanswerable
from analyzer.planner.query import End, Key, Measure, Query

HEAD_ROWS = 10


def extent(state: Deciding) -> Query | None:
    """The first and last date."""
    ends = (
        state.said("first", "last", "earliest", "latest") or state.draft.extreme or "range" in state.draft.aggregations
    )
    named = state.moments() and ends and not state.draft.asks and not state.draft.limit
    if not (state.said("extent") or named) or state.measures or state.draft.counting or state.draft.superlative:
        return None
    if state.said("extent") or (not state.filters and len(state.draft.subjects) == 1):
        return Query("extent", filters=state.filters, columns=(state.time_key().column,))
    return None


def matrix(state: Deciding) -> Query | None:
    """Correlations among all numbers, or among those named."""
    pair = len({measure.column for measure in state.measures}) >= 2
    heat = state.chart == "heatmap" and not state.draft.keys and not state.categories()
    if not (state.said("matrix") or heat or (state.said("correlation") and not state.measures)) or (
        pair and not state.said("matrix")
    ):
        return None
    if state.said("correlation") and state.draft.keys + tuple(state.draft.subjects) and not state.said("matrix"):
        return None
    columns = _named(state) if pair else tuple(column.name for column in state.schema.measures)
    if len(columns) < 2:
        raise Unanswerable("two_numbers")
    return Query("matrix", filters=state.filters, columns=columns, chart=state.chart or "heatmap")


def missing(state: Deciding) -> Query | None:
    if not state.said("missing"):
        return None
    columns = (*_named(state), *(key.column for key in state.draft.subjects))
    return Query("missing", filters=state.filters, columns=columns or state.schema.names, chart=state.chart)


def duplicates(state: Deciding) -> Query | None:
    if not state.said("duplicates"):
        return None
    columns = tuple(key.column for key in state.draft.subjects)
    return Query("duplicates", filters=state.filters, columns=columns)


def correlation(state: Deciding) -> Query | None:
    """Two numbers: their coefficient and a scatter plot. A number and a category: the number by category."""
    names = _named(state)
    versus = state.said("compare") and len(names) == 2 and not state.draft.keys and not state.draft.aggregations
    versus = versus and not state.said("trend") and all(measure.aggregation is None for measure in state.measures)
    scatter = state.chart == "scatter"
    by_number = tuple(key.column for key in state.draft.keys if state.column(key).is_measure and scatter)
    both = len(names) == 2 and state.draft.asks == () and _is_comparative(state)
    if not (state.said("correlation") or versus or scatter or both) or state.said("moving", "cumulative"):
        return None
    names += tuple(name for name in by_number if name not in names)
    if len(names) >= 2:
        color = next((key.column for key in (*state.draft.keys, *state.categories()) if key.column not in names), None)
        return Query(
            "correlation", filters=state.filters, columns=names[:2], chart=state.chart or "scatter",
            keys=(Key(color),) if color and state.schema[color].is_discrete else (),
        )  # fmt: skip
    groups = (*state.draft.keys, *state.categories(), *state.moments())
    if len(names) == 1 and groups and state.column(groups[0]).is_date:
        if scatter:
            raise Unanswerable("two_numbers")
        key = state.time_key()
        measures = state.values_by(state.measures[:1], (key,))
        return Query("aggregate", measures, (key,), state.filters, chart="line", transform="trend")
    if len(names) == 1 and groups:
        measures = state.aggregated(state.measures[:1], "mean")
        return Query("aggregate", measures, (groups[0],), state.filters, end="high", chart=state.chart or "bar")
    if len(names) == 1 and not scatter:
        others = tuple(column.name for column in state.schema.measures if column.name not in names)
        if others:
            return Query("matrix", state.measures[:1], filters=state.filters, columns=others, chart="bar")
    raise Unanswerable("two_numbers")


def _is_comparative(state: Deciding) -> bool:
    """ "are richer countries healthier": two adjectives, no number."""
    return state.draft.comparing and not state.draft.keys


def outliers(state: Deciding) -> Query | None:
    if not state.said("outliers"):
        return None
    columns = _named(state) or tuple(column.name for column in state.schema.measures)
    if not columns:
        raise Unanswerable("which_column")
    return Query("outliers", filters=state.filters, columns=columns, chart=state.chart or "box")


def distribution(state: Deciding) -> Query | None:
    """A number's histogram and quartiles, by category as box plots; a category's counts."""
    percentiles = state.draft.percent is None and any(item.aggregation == "percentile" for item in state.measures)
    if not (state.said("distribution") or state.chart in ("hist", "box") or percentiles):
        return None
    keys = tuple(key for key in (*state.draft.keys, *state.categories()) if state.column(key).is_discrete or key.bucket)
    names = _named(state)
    if names and state.chart != "bar" and state.chart != "pie":
        chart = state.chart or ("box" if keys else "hist")
        return Query("distribution", keys=keys[:1], filters=state.filters, columns=names[:3], chart=chart)
    if names and keys:
        return None
    if not keys:
        raise Unanswerable("which_column")
    return Query(
        "aggregate", (Measure(None, "count"),), keys[:2], state.filters, end="high", chart=state.chart or "bar"
    )


def distinct(state: Deciding) -> Query | None:
    """Values of a column, or how many there are."""
    if not state.said("distinct") or (state.measures and not state.draft.subjects):
        return None
    keys = [key for key in (*state.draft.subjects, *state.draft.keys) if key.bucket is None]
    if not keys or state.draft.end is not None:
        return None
    if state.draft.counting or state.said("rows"):
        groups = tuple(key for key in state.draft.keys if key != keys[0])
        return Query("aggregate", (Measure(keys[0].column, "nunique"),), groups, state.filters, chart=state.chart)
    return Query("distinct", filters=state.filters, columns=(keys[0].column,), chart=state.chart)


def shape(state: Deciding) -> Query | None:
    if not state.said("rows") or state.draft.keys or state.draft.filters or state.measures:
        return None
    return Query("shape")


def columns(state: Deciding) -> Query | None:
    if not state.said("columns") or state.names_anything or state.draft.aggregations:
        return None
    return Query("columns")


def overview(state: Deciding) -> Query | None:
    if not state.said("overview"):
        return None
    names, categories = _named(state), state.categories()
    if names and not state.draft.aggregations:
        return Query("distribution", filters=state.filters, columns=names[:3], chart=state.chart or "hist")
    if categories and not names:
        return Query("distinct", filters=state.filters, columns=(categories[0].column,), chart=state.chart)
    return None if state.names_anything else Query("overview")


def ends_of_table(state: Deciding) -> Query | None:
    """First and last rows of the file; the latest and earliest by date."""
    if state.draft.aggregations or any(item.aggregation for item in state.measures):
        return None
    by_time = state.said("latest", "earliest") or (state.measures and state.said("first", "last"))
    by_time = by_time or ("when" in state.draft.asks and state.said("first", "last"))
    if by_time and state.schema.time is not None and not state.draft.aggregations and not state.draft.keys:
        end: End = "high" if state.said("latest", "last") else "low"
        time = state.schema.time.name
        shown = (time, *_named(state), *_others(state, (time, *_named(state))))
        return Query(
            "rows", state.measures, filters=state.filters, columns=shown, by=time, end=end, limit=state.draft.limit or 1
        )
    rows = state.said("head", "tail") or (state.said("first", "last") and (state.draft.limit or state.said("list")))
    if not rows or state.measures or state.draft.end or state.draft.unknown:
        return None
    limit = state.draft.limit or HEAD_ROWS
    sign = -limit if state.said("tail", "last") else limit
    return Query("rows", filters=state.filters, columns=state.schema.names, limit=sign)


def sorted_rows(state: Deciding) -> Query | None:
    if not state.said("sort") or state.draft.aggregations or any(measure.aggregation for measure in state.measures):
        return None
    totals = [name for name in _named(state) if state.schema[name].is_total]
    if state.draft.counting or (totals and (state.categories() or state.draft.keys or _has_periods(state))):
        return None
    by = next(iter((*_named(state), *(key.column for key in (*state.draft.keys, *state.draft.subjects)))), None)
    if by is None:
        raise Unanswerable("which_column")
    shown = tuple(dict.fromkeys((*row_labels(state), by)))
    measures = (Measure(by),) if state.schema[by].is_measure else ()
    end = state.end(measures[0] if measures else None) or "low"
    return Query(
        "rows", measures, filters=state.filters, columns=(*shown, *_others(state, shown)), by=by, end=end,
        limit=state.draft.limit,
    )  # fmt: skip


def _has_periods(state: Deciding) -> bool:
    return any(not state.is_row_per(key) for key in state.moments())


def listed(state: Deciding) -> Query | None:
    """Rows that meet the conditions, named by what was asked for."""
    asked = state.said("list", "rows") or state.draft.asks
    if not state.draft.filters and not (asked and state.draft.limit):
        if asked and state.draft.subjects and not state.measures and state.draft.chart is None:
            if state.draft.unknown:
                raise Unanswerable("nothing_called", word=state.draft.unknown[0])
            return Query("distinct", columns=(state.draft.subjects[0].column,))
        return None
    if not state.filters and not state.draft.limit:
        return None
    if state.draft.unknown and not (asked or state.draft.subjects or state.measures):
        raise Unanswerable("nothing_called", word=state.draft.unknown[0])
    categories = state.categories()
    if categories and not state.labels() and not state.moments() and state.draft.chart is None:
        return Query("distinct", filters=state.filters, columns=(categories[0].column,))
    shown = tuple(dict.fromkeys((*row_labels(state), *_named(state), *_compared(state))))
    return Query(
        "rows", state.measures[:1], filters=state.filters, columns=(*shown, *_others(state, shown)),
        limit=state.draft.limit,
    )  # fmt: skip


def described(state: Deciding) -> Query | None:
    """A column and nothing else: what is in it."""
    names = _named(state)
    if state.draft.unknown and not state.draft.tasks and not state.wants_chart:
        raise Unanswerable("nothing_called", word=state.draft.unknown[0])
    if names:
        return Query("distribution", filters=state.filters, columns=names[:3], chart=state.chart or "hist")
    keys = (*state.draft.keys, *state.draft.subjects)
    if keys and not keys[0].bucket:
        key = keys[0]
        return Query(
            "aggregate", (Measure(None, "count"),), (key,), state.filters, end="high", chart=state.chart or "bar"
        )
    return None


def looked_over(state: Deciding) -> Query | None:
    """ "Analyze the data": what it is to be analyzed for is not said."""
    return Query("overview") if state.said("look") and not state.names_anything and not state.draft.unknown else None


def row_labels(state: Deciding) -> tuple[str, ...]:
    """What names a row: the subject asked for, else the time, else unique text, else the first text."""
    subjects = [*state.labels(), *(key.column for key in state.moments())]
    names = [column.name for column in state.schema.columns if column.is_text and column.is_unique]
    if names and subjects and state.schema[subjects[0]].is_identifier:
        return (names[0],)
    if subjects:
        return tuple(dict.fromkeys(subjects))
    fixed = {item.column for item in state.filters if item.operator == "in" and len(item.values) == 1}
    text = [column for column in state.schema.columns if column.is_text and column.name not in fixed]
    unique = [column.name for column in text if column.is_unique]
    if unique:
        return (unique[0],)
    time = state.schema.time
    if time is not None:
        return (time.name,) if time.is_unique or not text else (time.name, text[0].name)
    return tuple(column.name for column in text[:1])


def _compared(state: Deciding) -> tuple[str, ...]:
    return tuple(item.column for item in state.filters if state.schema[item.column].is_measure)


def _named(state: Deciding) -> tuple[str, ...]:
    """Numbers the question names, in order."""
    return tuple(dict.fromkeys(measure.column for measure in state.measures if measure.column is not None))


def _others(state: Deciding, shown: tuple[str, ...]) -> tuple[str, ...]:
    """The remaining columns, where the table is narrow enough to show them all."""
    rest = tuple(name for name in state.schema.names if name not in shown)
    return rest if len(shown) + len(rest) <= HEAD_ROWS else ()
