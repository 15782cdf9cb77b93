"""One writer per task; the summary says in words what the code computes."""

from collections.abc import Callable
from dataclasses import dataclass

from analyzer.planner.query import Query, Task
from analyzer.planner.schema import Schema
from analyzer.planner.write.aggregate import write_aggregate
from analyzer.planner.write.change import write_change, write_part
from analyzer.planner.write.context import Context
from analyzer.planner.write.filters import condition_words
from analyzer.planner.write.rows import write_rows
from analyzer.planner.write.script import Script, capital, quote
from analyzer.planner.write.statistics import write_correlation, write_distribution, write_matrix, write_outliers
from analyzer.planner.write.tables import (
    write_columns,
    write_distinct,
    write_duplicates,
    write_extent,
    write_missing,
    write_overview,
    write_shape,
)

_WRITERS: dict[Task, Callable[[Context], None]] = {
    "aggregate": write_aggregate,
    "rows": write_rows,
    "overview": write_overview,
    "shape": write_shape,
    "columns": write_columns,
    "missing": write_missing,
    "duplicates": write_duplicates,
    "distinct": write_distinct,
    "correlation": write_correlation,
    "matrix": write_matrix,
    "distribution": write_distribution,
    "outliers": write_outliers,
    "part": write_part,
    "change": write_change,
    "extent": write_extent,
}


@dataclass(frozen=True)
class Written:
    """Code, what it computes in words, and the columns it reads."""

    code: str
    summary: str
    columns: tuple[str, ...]


def write(query: Query, schema: Schema, language: str) -> Written:
    """The code for a query."""
    script = Script()
    context = Context(query, schema, language, script)
    script.more = f"f{quote(context.say('more', count='{left}'))}"
    _WRITERS[query.task](context)
    return Written(script.source(), summary(context), tuple(script.columns))


def summary(context: Context) -> str:
    """One sentence in the question's language."""
    query = context.query
    words = {
        "scope": context.scope,
        "columns": context.join(query.columns),
        "column": query.by or "".join(query.columns[:1]),
        "order": context.say("title_high" if query.end == "high" else "title_low"),
        "a": "".join(query.columns[:1]),
        "b": "".join(query.columns[1:2]),
        "measure": context.join(context.measure_words(measure) for measure in query.measures),
        "whole": context.measure_words(query.measures[0]) if query.measures else "",
        "part": context.join(condition_words(condition, context) for condition in query.part),
        "title": context.title() if query.measures else "",
    }
    key = "summary_rows_by" if query.task == "rows" and query.by else f"summary_{query.task}"
    return capital(context.say(key, **words))
