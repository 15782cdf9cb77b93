"""Code for parts of a whole, and for the change from the first to the last period."""

from analyzer.planner.write.charts import figure, finish, plain
from analyzer.planner.write.context import Context
from analyzer.planner.write.filters import condition_code, condition_words, having_code
from analyzer.planner.write.keys import aggregate_code, derive, group_by, is_period
from analyzer.planner.write.script import Code, quote


def write_part(context: Context) -> None:
    """Which percentage of the rows (or of a total) meets the conditions, per group if there is a key."""
    query = context.query
    context.start()
    for condition in query.part:
        context.script.use(condition.column)
    conditions = [condition_code(condition, context.rows, context.schema) for condition in query.part]
    part = conditions[0] if len(conditions) == 1 else " & ".join(f"({item})" for item in conditions)
    words = context.join(condition_words(condition, context) for condition in query.part)
    context.script.add(f"chosen = {context.rows}[{part}]")
    measure = query.measures[0]
    if query.keys:
        _part_by_group(context, words)
        return
    total = aggregate_code(context, measure, context.rows)
    some = aggregate_code(context, measure, "chosen") if measure.column else "len(chosen)"
    context.script.add(f"part, total = {some}, {total}", "result = 100 * part / total")
    context.answer(
        "part_measure" if measure.column else "part_rows", value=Code("number(result)"), scope=context.scope,
        column=context.column_words(measure), words=words, part=Code("number(part)"), total=Code("number(total)"),
    )  # fmt: skip
    if query.chart == "pie":
        context.script.add("")
        figure(context, "6, 6")
        labels = f"[{plain(words)}, {plain(context.say('others'))}]"
        context.script.add(f'ax.pie([part, total - part], labels={labels}, autopct="%.1f%%")')
        finish(context, context.say("part_title", part=words), None, None)


def _part_by_group(context: Context, words: str) -> None:
    query = context.query
    rows = context.rows
    measure = query.measures[0]
    by = group_by(context, query.keys[:1])
    whole = aggregate_code(context, measure, f"{rows}.groupby({by})")
    some = aggregate_code(context, measure, f"chosen.groupby({by})")
    title = context.say("by", measure=context.say("part_title", part=words), keys=context.by_words(query.keys[0]))
    context.script.add(
        f"part, total = {some}, {whole}",
        "result = (100 * part / total).fillna(0)"
        + ("" if context.column(query.keys[0].column).is_time else ".sort_values(ascending=False)"),
        f"result = result.rename({quote(context.say('part_title', part=words))})",
        'parts = listing(f"{name} {number(value)}" for name, value in result.items())',
    )
    context.answer("groups", title=title + context.scope, listing=Code("parts"))
    context.script.add("")
    figure(context)
    context.script.add('result.plot(kind="bar", ax=ax, rot=45)')
    finish(context, title + context.scope, context.key_words(query.keys[0]), "%")


def write_change(context: Context) -> None:
    """The first and the last value over time, with the difference and the percentage; per group if there is a key."""
    query = context.query
    context.start()
    measure = query.measures[0]
    derived = derive(context, measure)
    by = group_by(context, query.keys)
    code = aggregate_code(context, measure, f"{context.rows}.groupby({by})", derived)
    if len(query.keys) == 2:
        context.script.add(f"series = {code}.unstack()")
        _change_by_group(context)
        return
    context.script.add(
        f"series = {code}.dropna()",
    )
    context.unless_empty("series")
    context.script.add(
        "first, last = series.iloc[0], series.iloc[-1]",
        "difference = last - first",
        "result = 100 * difference / first",
    )
    context.answer(
        "change", measure=context.measure_words(measure), scope=context.scope, first_value=Code("number(first)"),
        first=Code("series.index[0]"), last_value=Code("number(last)"), last=Code("series.index[-1]"),
        difference=Code("number(difference)"), percent=Code("number(result)"),
    )  # fmt: skip
    _line(context)


def _change_by_group(context: Context) -> None:
    query = context.query
    context.script.add(
        "first, last = series.bfill().iloc[0], series.ffill().iloc[-1]",
        "result = (100 * (last - first) / first).replace([np.inf, -np.inf], np.nan).dropna()",
        f"result = result{''.join(map(having_code, query.having))}.sort_values(ascending={query.end == 'low'})",
    )
    if query.limit is not None:
        context.script.add(f"result = result.head({query.limit})")
    context.unless_empty("result")
    item = context.say(
        "change_item",
        name="{name}",
        percent="{number(value)}",
        first="{number(first[name])}",
        last="{number(last[name])}",
    )
    context.script.add(f'parts = listing(f"{item}" for name, value in result.items())')
    words = context.measure_words(query.measures[0])
    context.answer("change_by", measure=words, scope=context.scope, listing=Code("parts"))
    if query.chart == "line":
        _line(context)
    elif query.chart != "none":
        context.script.add("")
        figure(context)
        context.script.add('result.plot(kind="bar", ax=ax, rot=45)')
        label = context.say("growth", measure=words)
        finish(context, label + context.scope, context.key_words(query.keys[1]), "%")


def _line(context: Context) -> None:
    query = context.query
    if query.chart == "none":
        return
    key = query.keys[0]
    x = "series.index.to_timestamp()" if is_period(key) else "series.index"
    context.script.add("")
    figure(context)
    if len(query.keys) == 2:
        context.script.add("for label, values in series.items():", f"    ax.plot({x}, values, label=str(label))")
        context.script.add(f"ax.legend(title={plain(context.key_words(query.keys[1]))})")
    else:
        context.script.add(f"ax.plot({x}, series)")
    words = context.measure_words(query.measures[0])
    finish(context, words + context.scope, context.key_words(key), words)
    if is_period(key):
        context.script.add("fig.autofmt_xdate()")
    context.script.add("ax.grid(alpha=0.3)")
