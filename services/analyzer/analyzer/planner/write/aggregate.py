"""Code for aggregated values: one for all rows, or one per group."""

from analyzer.planner.query import Measure
from analyzer.planner.write.context import Context
from analyzer.planner.write.groups import write_groups
from analyzer.planner.write.keys import aggregate_code, derive
from analyzer.planner.write.script import Code, quote


def write_aggregate(context: Context) -> None:
    if context.query.keys:
        write_groups(context)
    else:
        _write_scalar(context)


def _write_scalar(context: Context) -> None:
    measures = context.query.measures
    counting = all(measure.aggregation in ("count", "nunique") for measure in measures)
    context.start(check=not counting)
    derived = [derive(context, measure) for measure in measures]
    codes = [
        aggregate_code(context, measure, context.rows, name) for measure, name in zip(measures, derived, strict=True)
    ]
    if len(measures) == 1:
        context.script.add(f"result = {codes[0]}")
        _say_one(context, measures[0])
        return
    context.script.add("result = pd.Series({")
    for measure, code in zip(measures, codes, strict=True):
        context.script.add(f"    {quote(context.measure_words(measure))}: {code},")
    context.script.add("})", 'parts = listing(f"{name} {number(value)}" for name, value in result.items())')
    context.answer("several", scope=context.scope, listing=Code("parts"))


def _say_one(context: Context, measure: Measure) -> None:
    if measure.column is None:
        key = "count_value" if context.query.filters else "count_all"
        context.answer(key, value=Code("result"), total=Code("len(df)"), conditions=context.conditions)
    elif measure.aggregation == "nunique":
        context.answer("nunique_value", value=Code("result"), column=context.column_words(measure), scope=context.scope)
    else:
        words = context.measure_words(measure)
        context.answer("value", measure=words, scope=context.scope, value=Code("number(result)"))
