"""Code that lists rows: the first, the last, those in order of a number, those that meet the conditions."""

from analyzer.planner.query import Query
from analyzer.planner.write.charts import figure, finish
from analyzer.planner.write.context import Context
from analyzer.planner.write.keys import group_by
from analyzer.planner.write.script import Code, names, quote

LISTED = 12
"""As many rows are named in the answer; the result holds all."""
MAX_BARS = 30


def write_rows(context: Context) -> None:
    query = context.query
    for name in query.columns:
        context.script.use(name)
    if query.keys:
        _best_of_each(context)
    elif query.by is not None and query.limit == 1 and _measured(query) == query.by:
        _extreme(context)
    elif query.by is not None:
        _ordered(context)
    elif query.limit is not None and not query.filters:
        _ends(context)
    else:
        _matching(context)


def _measured(query: Query) -> str | None:
    return query.measures[0].column if query.measures else None


def _shown(context: Context) -> str:
    return names(context.query.columns)


def _extreme(context: Context) -> None:
    """The row with the highest value, or all rows that share it."""
    query = context.query
    context.start()
    column = str(query.by)
    method = "max" if query.end == "high" else "min"
    values = context.values(column)
    context.script.add(
        f"best = {values}.{method}()", f"result = {context.rows}.loc[{values} == best, {_shown(context)}]"
    )
    _labels(context, query.columns[: _label_count(context)])
    key = "extreme_high" if query.end == "high" else "extreme_low"
    context.answer(
        key,
        column=context.named(column),
        scope=context.scope,
        value=Code("number(best)"),
        listing=Code("listing(labels)"),
    )


def _best_of_each(context: Context) -> None:
    """In each group the row with the highest value."""
    query = context.query
    context.start()
    column, key = str(query.by), query.keys[0]
    by = group_by(context, query.keys)
    method = "idxmax" if query.end == "high" else "idxmin"
    context.script.add(
        f"best = {context.rows}.dropna(subset=[{quote(column)}]).groupby({by})[{quote(column)}].{method}()"
    )
    columns = tuple(dict.fromkeys((*query.columns, key.column)))
    context.script.add(f"result = {context.rows}.loc[best, {names(columns)}]")
    _labels(context, query.columns[: _label_count(context)])
    context.script.add(
        "parts = listing(",
        '    f"{group}: {label} ({number(value)})"',
        f"    for group, label, value in zip(best.index, labels, result[{quote(column)}])",
        ")",
    )
    words = {"column": context.named(column), "group": context.named(context.key_words(key)), "scope": context.scope}
    context.answer("best_high" if query.end == "high" else "best_low", listing=Code("parts"), **words)


def _ordered(context: Context) -> None:
    query = context.query
    context.start()
    column = str(query.by)
    ranked = query.limit is not None and (context.column(column).is_number or context.column(column).is_date)
    if ranked:
        method = "nlargest" if query.end == "high" else "nsmallest"
        context.script.add(f"result = {context.rows}.{method}({query.limit}, {quote(column)})[{_shown(context)}]")
    else:
        head = f".head({query.limit})" if query.limit else ""
        order = f"sort_values({quote(column)}, ascending={query.end != 'high'})"
        context.script.add(f"result = {context.rows}.{order}[{_shown(context)}]{head}")
    listing = _name_rows(context)
    measured = _measured(query)
    if query.limit is None or (measured is None and not context.column(column).is_date):
        context.answer("sorted", count=Code("len(result)"), column=context.named(column), listing=listing)
    elif measured != column:
        context.answer("latest" if query.end == "high" else "earliest", scope=context.scope, listing=listing)
    else:
        key = "top_high" if query.end == "high" else "top_low"
        context.answer(key, column=context.named(column), scope=context.scope, listing=listing)
        _bars(context, column)


def _name_rows(context: Context) -> Code:
    """Writes how the rows are named, each with what is measured; an expression for all of them in one line."""
    query = context.query
    table, count = "result", ""
    if query.limit is None:
        context.script.add(f"top = result.head({LISTED})")
        table, count = "top", ", count=len(result)"
    labels = query.columns[: _label_count(context)]
    _labels(context, labels, table)
    measured = _measured(query) or _compared(context)
    if measured is None or measured in labels:
        return Code(f"listing(labels{count})")
    item = f'f"{{label}} ({{number(value)}})" for label, value in zip(labels, {table}[{quote(measured)}])'
    context.script.add(f"parts = listing(({item}){count})" if count else f"parts = listing({item})")
    return Code("parts")


def _ends(context: Context) -> None:
    limit = context.query.limit or 0
    method, key = ("head", "head") if limit > 0 else ("tail", "tail")
    context.script.add(f"result = df.{method}({abs(limit)})")
    context.answer(key, count=Code("len(result)"), columns=", ".join(context.query.columns))


def _matching(context: Context) -> None:
    query = context.query
    context.start()
    head = f".head({query.limit})" if query.limit else ""
    context.script.add(f"result = {context.rows}[{_shown(context)}]{head}")
    listing = _name_rows(context)
    if query.measures:
        words = context.join(context.named(name) for name in query.columns if context.column(name).is_measure)
        context.answer("lookup", column=words, scope=context.scope, listing=listing)
    else:
        count, total = Code("len(result)"), Code("len(df)")
        context.answer("rows_found", count=count, total=total, conditions=context.conditions, listing=listing)


def _compared(context: Context) -> str | None:
    """The number a condition is about is worth showing beside the name."""
    return next((item.column for item in context.query.filters if context.column(item.column).is_measure), None)


def _label_count(context: Context) -> int:
    """How many of the first columns name a row: those that are no measured numbers, at most two."""
    count = 0
    for name in context.query.columns[:2]:
        if context.column(name).is_measure:
            break
        count += 1
    return max(count, 1) if context.query.columns else 0


def _labels(context: Context, columns: tuple[str, ...], table: str = "result") -> None:
    """`labels`: how each row of `table` is named."""
    codes = [_text_of(context, name, table) for name in columns]
    context.script.add("labels = " + ' + " " + '.join(codes))


def _text_of(context: Context, name: str, table: str) -> str:
    values = f"{table}[{quote(name)}]"
    column = context.column(name)
    missing = '.fillna("–")' if column.profile.missing else ""
    if column.is_date:
        return f'{values}.dt.strftime("{context.date_format(name)}"){missing}'
    if column.is_measure:
        return f"{values}.map(number)"
    return f"{values}.astype(str)" if not missing else f"{values}.astype(object){missing}.astype(str)"


def _bars(context: Context, column: str) -> None:
    """The top rows as bars, where it is a ranking of a few."""
    limit = context.query.limit or 0
    if context.query.chart == "none" or not 1 < limit <= MAX_BARS:
        return
    context.script.add("", "height = 1.5 + 0.3 * len(result)")
    figure(context, "9, height")
    context.script.add(
        f"ax.barh(range(len(result)), result[{quote(column)}][::-1], tick_label=labels[::-1])",
        'ax.ticklabel_format(axis="x", style="plain")',
    )
    key = "top_high" if context.query.end == "high" else "top_low"
    title = context.say(key, column=context.named(column), scope=context.scope, listing="").rstrip(" .:")
    finish(context, title, column, None)
