"""Which task a draft is; the first that fits wins."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from analyzer.planner.decide import groups, rankings, series, tables
from analyzer.planner.decide.state import Deciding
from analyzer.planner.errors import Unanswerable
from analyzer.planner.query import MAX_LINES, MAX_POINTS, Draft, Measure, Query
from analyzer.planner.schema import Schema

_RULES: tuple[Callable[[Deciding], Query | None], ...] = (
    tables.extent,
    tables.matrix,
    tables.missing,
    tables.duplicates,
    series.correlated_lines,
    tables.correlation,
    tables.outliers,
    series.moving_or_cumulative,
    groups.part_of_whole,
    tables.distribution,
    series.change,
    rankings.frequent,
    tables.overview,
    tables.distinct,
    tables.sorted_rows,
    rankings.ranking,
    series.over_time,
    groups.grouped,
    tables.shape,
    tables.columns,
    tables.ends_of_table,
    groups.counted,
    groups.found_when,
    groups.looked_up,
    groups.scalar,
    series.charted,
    tables.listed,
    tables.described,
    tables.looked_over,
)


@dataclass(frozen=True)
class Decided:
    """The query and what was assumed: coded warnings, worded later."""

    query: Query
    warnings: tuple[str, ...]


def decide(draft: Draft, schema: Schema) -> Decided:
    """The query a draft means. Raises `Unanswerable` when it names nothing of the table, or not enough."""
    state = Deciding(_with_pairs(draft), schema)
    state.draft = state.with_group_conditions()
    state.draft = state.with_selection()
    state.warn_of_totals()
    for rule in _RULES:
        query = rule(state)
        if query is not None:
            _warn_of_drawing(query, state)
            return Decided(query, (*draft.warnings, *dict.fromkeys(state.warnings)))
    raise Unanswerable("nothing_named")


def _warn_of_drawing(query: Query, state: Deciding) -> None:
    if query.chart == "line" and len(query.keys) > 1 and query.keys[1].bucket is None:
        column = state.schema[query.keys[1].column]
        if column.profile.distinct > MAX_LINES:
            state.warnings.append(f"lines|{MAX_LINES}|{column.name}")
    if query.task == "correlation" and state.schema.rows > MAX_POINTS:
        state.warnings.append(f"points|{MAX_POINTS}")


def _with_pairs(draft: Draft) -> Draft:
    """ "the ratio of A to B" and "A minus B" measure two columns as one, "lowest to highest" is a range."""
    names = list(dict.fromkeys(measure.column for measure in draft.measures if measure.column))
    ends = {measure.aggregation for measure in draft.measures} == {"max", "min"}
    if len(names) == 1 and ends and "difference" in draft.tasks:
        return replace(draft, measures=(Measure(names[0], "range"),))
    if len(names) != 2 or not {"ratio", "difference"} & set(draft.tasks):
        return draft
    aggregation = draft.measures[0].aggregation
    first = replace(draft.measures[0], other=names[1], operator="/" if "ratio" in draft.tasks else "-")
    return replace(draft, measures=(replace(first, aggregation=aggregation),))
