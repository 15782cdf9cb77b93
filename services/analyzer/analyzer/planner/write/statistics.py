"""Code for correlation, distribution and outliers."""

from analyzer.planner.query import MAX_POINTS
from analyzer.planner.write.charts import figure, finish, heatmap, plain
from analyzer.planner.write.context import Context
from analyzer.planner.write.keys import group_by
from analyzer.planner.write.script import Code, names, quote

STRONG, WEAK = 0.7, 0.3
"""Absolute correlations from which a relation is called strong, and below which weak."""
PAIRS = 5
MAX_BOXES = 30


def write_correlation(context: Context) -> None:
    context.start()
    first, second = context.query.columns
    context.script.add(f"result = {context.values(first)}.corr({context.values(second)})")
    strengths = {key: quote(context.say(f"strength_{key}")) for key in _STRENGTHS}
    context.script.add(
        f"if abs(result) < {WEAK} or pd.isna(result):",
        f"    strength = {strengths['weak']}",
        "elif result > 0:",
        f"    strength = {strengths['strong_positive']} if result >= {STRONG} else {strengths['medium_positive']}",
        "else:",
        f"    strength = {strengths['strong_negative']} if result <= -{STRONG} else {strengths['medium_negative']}",
    )
    context.answer(
        "correlation", a=context.named(first), b=context.named(second), scope=context.scope,
        value=Code("number(result)"), strength=Code("strength"),
    )  # fmt: skip
    if context.query.chart != "none":
        _scatter(context)


_STRENGTHS = ("weak", "strong_positive", "medium_positive", "strong_negative", "medium_negative")


def _scatter(context: Context) -> None:
    first, second = context.query.columns
    context.script.add("")
    if context.schema.rows > MAX_POINTS:
        context.script.add(f"points = {context.rows}.sample(min({MAX_POINTS}, len({context.rows})), random_state=0)")
        context.rows = "points"
    pair = f"{context.values(first)}, {context.values(second)}"
    figure(context)
    if context.query.keys:
        key = context.query.keys[0].column
        context.script.use(key)
        context.script.add(
            f"for label, group in {context.rows}.groupby({quote(key)}):",
            f"    ax.scatter(group[{quote(first)}], group[{quote(second)}], s=14, alpha=0.6, label=str(label))",
            f"ax.legend(title={plain(key)})",
        )
    else:
        context.script.add(f"ax.scatter({pair}, s=14, alpha=0.6)")
    finish(context, f"{context.named(first)} – {context.named(second)}{context.scope}", first, second)
    context.script.add("ax.grid(alpha=0.3)")


def write_matrix(context: Context) -> None:
    """All pairs; with a measure, only its pairs."""
    context.start()
    if context.query.keys:
        _lines_matrix(context)
        return
    if context.query.measures:
        _related(context, str(context.query.measures[0].column))
        return
    context.script.use(*context.query.columns)
    context.script.add(f"columns = {names(context.query.columns)}", f"result = {context.rows}[columns].corr()")
    _say_pairs(context)


def _lines_matrix(context: Context) -> None:
    """The correlations of one number among groups, over the moments they share."""
    query = context.query
    column = str(query.measures[0].column)
    context.script.use(column)
    by = group_by(context, query.keys)
    context.script.add(
        f"table = {context.rows}.groupby({by})[{quote(column)}].mean().unstack()",
        "result = table.corr().rename_axis(index=None, columns=None)",
    )
    _say_pairs(context)


def _say_pairs(context: Context) -> None:
    context.script.add(
        "pairs = result.where(np.triu(np.ones(result.shape, dtype=bool), k=1)).stack().dropna()",
        f"strongest = pairs.loc[pairs.abs().sort_values(ascending=False).index].head({PAIRS})",
    )
    pair = context.say("pair", a="{a}", b="{b}", value="{number(value)}")
    context.script.add(f'parts = listing(f"{pair}" for (a, b), value in strongest.items())')
    context.answer("matrix", scope=context.scope, listing=Code("parts"))
    if context.query.chart != "none":
        context.script.add("")
        heatmap(context, "result", annotate=True)


def _related(context: Context, column: str) -> None:
    context.script.use(*context.query.columns)
    context.script.add(
        f"result = {context.rows}[{names(context.query.columns)}].corrwith({context.values(column)})",
        "result = result.sort_values(key=abs, ascending=False)",
        'parts = listing(f"{name} {number(value)}" for name, value in result.items())',
    )
    context.answer("related", column=context.named(column), scope=context.scope, listing=Code("parts"))
    if context.query.chart == "none":
        return
    context.script.add("")
    figure(context)
    context.script.add('result[::-1].plot(kind="barh", ax=ax)')
    finish(context, context.say("related_title", column=column) + context.scope, None, None)


def write_distribution(context: Context) -> None:
    context.start()
    if context.query.keys:
        _by_group(context)
    elif len(context.query.columns) == 1:
        _one(context, context.query.columns[0])
    else:
        _several(context)


def _one(context: Context, column: str) -> None:
    context.script.add(f"values = {context.values(column)}.dropna()", "result = values.describe()")
    context.script.add("low, q1, median, q3, high = (number(x) for x in values.quantile([0, 0.25, 0.5, 0.75, 1]))")
    places = {name: Code(name) for name in ("low", "q1", "median", "q3", "high")}
    context.answer(
        "distribution", column=context.named(column), scope=context.scope, mean=Code("number(values.mean())"), **places
    )
    if context.query.chart == "none":
        return
    context.script.add("")
    figure(context)
    if context.query.chart == "box":
        context.script.add(f"ax.boxplot(values, tick_labels=[{plain(column)}])")
        finish(context, column + context.scope, None, column)
        return
    context.script.add('ax.hist(values, bins=30, edgecolor="white")')
    finish(context, column + context.scope, column, context.say("rows_axis"))


def _several(context: Context) -> None:
    columns = context.query.columns
    context.script.use(*columns)
    context.script.add(f"result = {context.rows}[{names(columns)}].describe()")
    spread = context.say(
        "overview_number", name="{name}", low="{number(x.min())}", high="{number(x.max())}", mean="{number(x.mean())}"
    )
    context.script.add(f'parts = listing(f"{spread}" for name, x in {context.rows}[{names(columns)}].items())')
    context.script.add('answer = f"{parts}."')
    if context.query.chart == "none":
        return
    context.script.add("")
    figure(context)
    context.script.add(f"for name in {names(columns)}:")
    context.script.add(f"    ax.hist({context.rows}[name].dropna(), bins=30, alpha=0.5, label=name)")
    context.script.add("ax.legend()")
    finish(context, context.join(columns) + context.scope, None, context.say("rows_axis"))


def _by_group(context: Context) -> None:
    column, key = context.query.columns[0], context.query.keys[0]
    by = group_by(context, (key,))
    values = f"[{quote(column)}]"
    context.script.use(column)
    context.script.add(
        f"groups = {context.rows}.groupby({by}){values}",
        "result = groups.describe()",
        "medians = groups.median().sort_values(ascending=False)",
        'parts = listing(f"{name} {number(value)}" for name, value in medians.items())',
    )
    context.answer(
        "distribution_by",
        column=context.named(column),
        by=context.by_words(key),
        scope=context.scope,
        listing=Code("parts"),
    )
    if context.query.chart == "none":
        return
    context.script.add("")
    figure(context)
    context.script.add(
        "boxes = {str(name): values.dropna() for name, values in groups if len(values.dropna())}",
        f"shown = list(boxes)[:{MAX_BOXES}]",
        "ax.boxplot([boxes[name] for name in shown], tick_labels=shown)",
        'ax.tick_params(axis="x", rotation=30)',
    )
    finish(
        context,
        f"{context.say('by', measure=context.named(column), keys=context.by_words(key))}{context.scope}",
        context.key_words(key),
        column,
    )


def write_outliers(context: Context) -> None:
    """Values further than 1.5 interquartile ranges from the middle half (Tukey's fences)."""
    context.start()
    columns = context.query.columns
    if len(columns) == 1:
        _outliers_of(context, columns[0])
        return
    context.script.use(*columns)
    context.script.add(
        f"numbers = {context.rows}[{names(columns)}]",
        "q1, q3 = numbers.quantile(0.25), numbers.quantile(0.75)",
        "reach = 1.5 * (q3 - q1)",
        "result = ((numbers < q1 - reach) | (numbers > q3 + reach)).sum()",
        'parts = listing(f"{name} {count}" for name, count in result.items())',
    )
    context.answer("outliers_many", scope=context.scope, listing=Code("parts"))


def _outliers_of(context: Context, column: str) -> None:
    values = context.values(column)
    context.script.add(
        f"q1, q3 = {values}.quantile(0.25), {values}.quantile(0.75)",
        "low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)",
        f"result = {context.rows}[({values} < low) | ({values} > high)]",
    )
    context.answer(
        "outliers",
        column=context.named(column),
        scope=context.scope,
        count=Code("len(result)"),
        low=Code("number(low)"),
        high=Code("number(high)"),
    )
    if context.query.chart == "none":
        return
    context.script.add("")
    figure(context)
    context.script.add(f"ax.boxplot({values}.dropna(), tick_labels=[{plain(column)}])")
    finish(context, column + context.scope, None, column)
