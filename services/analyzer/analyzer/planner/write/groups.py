"""Code for one value per group or period: a series, or a table for two keys or several measures."""

from analyzer.planner.write.charts import draw
from analyzer.planner.write.context import Context
from analyzer.planner.write.filters import having_code
from analyzer.planner.write.keys import (
    aggregate_code,
    cycle_code,
    derive,
    group_by,
    is_temporal,
    values_code,
)
from analyzer.planner.write.script import Code, quote

LISTED = 12
"""As many periods are named one by one in the answer; of more, the ends are."""
_ITEMS = 'parts = listing(f"{name} {number(value)}" for name, value in result.items())'


def write_groups(context: Context) -> None:
    query = context.query
    context.start()
    derived = [derive(context, measure) for measure in query.measures]
    by = group_by(context, query.keys)
    if len(query.measures) > 1:
        _several_measures(context, by, derived)
    elif len(query.keys) == 1:
        _series(context, by, derived[0])
    else:
        _table(context, by, derived[0])


# One key


def _series(context: Context, by: str, derived: str | None) -> None:
    """The values, ordered and cut. Where only the best is asked for, the chart still shows `every` one."""
    query = context.query
    key = query.keys[0]
    cut = query.limit is not None and query.end is not None
    whole = query.limit == 1 or (is_temporal(context, key) and query.chart == "line")
    name = "every" if cut and query.chart is not None and whole else "result"
    conditions, order = "".join(map(having_code, query.having)), _order_code(context)
    if query.transform == "growth":
        conditions, order = "", conditions + order
    code = [values_code(context, by, derived), conditions]
    if query.transform == "share":
        context.script.chain(name, *code)
        code = [f"(100 * {name} / {name}.sum())"]
    code += [_transform_code(context), cycle_code(context, key)]
    context.script.chain(name, *code, order if name == "result" else "")
    if name == "every":
        context.script.chain("result", name, order)
    if _may_be_empty(context):
        context.unless_empty("result")
    _say_series(context)
    draw(context, name)


def _transform_code(context: Context, *, table: bool = False) -> str:
    """What is done with the values of successive groups; of a table, rows without any value are dropped."""
    dropna = '.dropna(how="all")' if table else ".dropna()"
    steps = {
        "growth": f".pct_change(fill_method=None).mul(100).replace([np.inf, -np.inf], np.nan){dropna}",
        "cumulative": ".cumsum()",
        "moving": f".rolling({context.query.window}).mean(){dropna}",
    }
    return (dropna if _has_gaps(context) else "") + steps.get(str(context.query.transform), "")


def _may_be_empty(context: Context) -> bool:
    query = context.query
    return bool(query.having) or query.transform in ("growth", "moving") or _has_gaps(context)


def _has_gaps(context: Context) -> bool:
    column = context.query.measures[0].column
    return column is not None and context.column(column).profile.missing > 0


def _order_code(context: Context) -> str:
    query = context.query
    if query.end is None:
        return ""
    if query.limit is not None:
        ties = ', keep="all"' if query.limit == 1 else ""
        return f".{'nlargest' if query.end == 'high' else 'nsmallest'}({query.limit}{ties})"
    return f".sort_values({'' if query.end == 'low' else 'ascending=False'})"


def _say_series(context: Context) -> None:
    query = context.query
    title = context.title()
    if query.limit == 1 and query.end is not None:
        _say_best(context, title)
    elif query.end is None and is_temporal(context, query.keys[0]):
        _say_timeline(context, title)
    else:
        if query.limit is not None and query.end is not None:
            title += f", {context.say('top_n' if query.end == 'high' else 'bottom_n', limit=query.limit)}"
        context.script.add(_ITEMS)
        context.answer("groups", title=title, listing=Code("parts"))


def _say_best(context: Context, title: str) -> None:
    """The winner, or all who share its value; a month is named as well as numbered."""
    name = "{name}"
    if context.query.keys[0].bucket == "month":
        context.script.add(f"months = {context.list_of(context.names('month_names'))}")
        name = "{months[name.month - 1]} {name.year} ({name})"
    context.script.add(f'best = listing(f"{name}" for name in result.index)')
    context.answer("best", name=Code("best"), value=Code("number(result.iloc[0])"), title=title)


def _say_timeline(context: Context, title: str) -> None:
    """All values where they are few; else the trend, or the first, the last, the highest and the lowest."""
    if context.query.transform == "trend":
        _say_trend(context, title)
        return
    context.script.add(f"if len(result) <= {LISTED}:")
    context.script.depth += 1
    context.script.add(_ITEMS)
    context.answer("groups", title=title, listing=Code("parts"))
    context.script.depth -= 1
    context.script.add("else:")
    context.script.depth += 1
    context.answer("timeline", title=title, count=Code("len(result)"), **_ends())
    context.script.depth -= 1


def _say_trend(context: Context, title: str) -> None:
    unit = context.say(f"bucket_{context.query.keys[0].bucket or 'year'}")
    up, down = quote(context.say("trend_up")), quote(context.say("trend_down"))
    context.script.add(
        "slope = np.polyfit(np.arange(len(result)), result, 1)[0] if len(result) > 1 else 0.0",
        f"direction = {up} if slope > 0 else {down}",
    )
    slope = Code("number(abs(slope))")
    context.answer("trend", title=title, direction=Code("direction"), slope=slope, unit=unit, **_ends())


def _ends() -> dict[str, Code]:
    return {
        "first": Code("result.index[0]"),
        "first_value": Code("number(result.iloc[0])"),
        "last": Code("result.index[-1]"),
        "last_value": Code("number(result.iloc[-1])"),
        "high": Code("result.idxmax()"),
        "high_value": Code("number(result.max())"),
        "low": Code("result.idxmin()"),
        "low_value": Code("number(result.min())"),
    }


# Tables


def _table(context: Context, by: str, derived: str | None) -> None:
    """Two keys: the second becomes columns."""
    query = context.query
    first, second = query.keys
    additive = query.measures[0].aggregation in ("count", "sum") and not is_temporal(context, first)
    unstack = f".unstack({'fill_value=0' if additive else ''})"
    context.script.chain("result", values_code(context, by, derived), unstack, _transform_code(context, table=True))
    if query.transform == "share":
        context.script.add("result = 100 * result / result.sum().sum()")
    for key, axis in ((first, "index"), (second, "columns")):
        renamed = cycle_code(context, key, axis=axis)
        if renamed:
            context.script.add(f"result = result{renamed}")
    if _may_be_empty(context):
        context.unless_empty("result")
    if is_temporal(context, first):
        _say_lines(context)
    else:
        context.script.add(
            f"cells = result.stack().sort_values(ascending={query.end == 'low'})",
            'parts = listing(f"{row} / {column} {number(value)}" for (row, column), value in cells.items())',
        )
        context.answer("groups", title=context.title(), listing=Code("parts"))
    draw(context, "result")


def _say_lines(context: Context) -> None:
    """Each line by its first and its last value."""
    context.script.add("parts = []", "for name, values in result.items():")
    context.script.depth += 1
    context.script.add("values = values.dropna()", "if len(values):")
    context.script.add('    parts.append(f"{name} {number(values.iloc[0])} → {number(values.iloc[-1])}")')
    context.script.depth -= 1
    context.answer("lines", title=context.title(), listing=Code("listing(parts)"))


def _several_measures(context: Context, by: str, derived: list[str | None]) -> None:
    query = context.query
    context.script.add(f"groups = {context.rows}.groupby({by})", "result = pd.DataFrame({")
    for measure, name in zip(query.measures, derived, strict=True):
        code = aggregate_code(context, measure, "groups", name)
        context.script.add(f"    {quote(context.measure_words(measure))}: {code},")
    context.script.add("})")
    order = f".sort_values(result.columns[0], ascending={query.end == 'low'})" if query.end is not None else ""
    head = f".head({query.limit})" if query.limit is not None else ""
    renamed = cycle_code(context, query.keys[0]) if len(query.keys) == 1 else ""
    transform = _transform_code(context, table=True)
    if order or head or renamed or transform:
        context.script.chain("result", "result", order, head, transform, renamed)
    if _may_be_empty(context):
        context.unless_empty("result")
    if len(query.keys) == 1 and is_temporal(context, query.keys[0]) and query.end is None:
        _say_lines(context)
    else:
        context.script.add(
            "parts = listing(",
            '    f"{name} " + ", ".join(number(value) for value in values)',
            "    for name, values in zip(result.index, result.to_numpy())",
            ")",
        )
        context.answer("groups", title=context.title(), listing=Code("parts"))
    if len(query.keys) == 1:
        draw(context, "result")
