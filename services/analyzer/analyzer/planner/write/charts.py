"""Charts of what was computed: one figure with title, axis labels and readable ticks, left open."""

from analyzer.planner.query import MAX_LINES
from analyzer.planner.write.context import Context
from analyzer.planner.write.keys import is_cyclic, is_period, is_temporal
from analyzer.planner.write.script import capital, quote

MAX_BARS = 30
MAX_SLICES = 8
UPRIGHT = 8
"""As many bars stand; more lie, so that their names can be read."""


def draw(context: Context, name: str) -> None:
    """Draws the series or table `name` of groups."""
    chart = context.query.chart
    if chart is None or chart == "none":
        return
    table = len(context.query.keys) == 2 or len(context.query.measures) > 1
    context.script.add("")
    if chart == "heatmap" and len(context.query.keys) == 2:
        heatmap(context, name)
    elif chart == "pie" and not table:
        _pie(context, name)
    elif chart == "line":
        _line(context, name, table=table)
    else:
        _bar(context, name, table=table)


def figure(context: Context, size: str = "9, 5") -> None:
    context.script.add(f'fig, ax = plt.subplots(figsize=({size}), layout="constrained")')


def finish(context: Context, title: str, x: str | None, y: str | None) -> None:
    """Title and axis labels; a dollar sign would start a formula."""
    context.script.add(f"ax.set_title({plain(capital(title))}, wrap=True)")
    if x is not None:
        context.script.add(f"ax.set_xlabel({plain(x)})")
    if y is not None:
        context.script.add(f"ax.set_ylabel({plain(y)})")


def plain(words: str) -> str:
    """Text for matplotlib, as a Python literal."""
    return quote(words.replace("$", r"\$"))


def _axis_words(context: Context) -> str:
    query = context.query
    return "" if len(query.measures) > 1 else context.transformed(context.axis_words(query.measures[0]))


def _line(context: Context, name: str, *, table: bool) -> None:
    key = context.query.keys[0]
    figure(context)
    if context.query.end is not None and is_temporal(context, key):
        context.script.add(f"series = {name}.sort_index()")
        name = "series"
    x = f"{name}.index.to_timestamp()" if is_period(key) else f"{name}.index" + (".astype(str)" if key.bins else "")
    if table:
        _lines(context, name, x)
    else:
        context.script.add(f'ax.plot({x}, {name}, marker="." if len({name}) < 60 else None)')
    if key.bucket in ("year", "decade") or (key.bucket is None and context.column(key.column).is_number):
        context.script.add("ax.xaxis.get_major_locator().set_params(integer=True)")
    finish(context, context.title(), context.key_words(key), _axis_words(context) or None)
    if is_period(key):
        context.script.add("fig.autofmt_xdate()")
    context.script.add('ax.ticklabel_format(axis="y", style="plain")', "ax.grid(alpha=0.3)")


def _lines(context: Context, name: str, x: str) -> None:
    query = context.query
    drawn = name
    second = query.keys[1] if len(query.keys) == 2 else None
    if second is not None and not second.bucket and context.column(second.column).profile.distinct > MAX_LINES:
        context.script.add(f"largest = {name}.mean().nlargest({MAX_LINES}).index")
        drawn = f"{name}[largest]"
    context.script.add(f"for label, values in {drawn}.items():")
    context.script.add(f"    ax.plot({x}, values, label=str(label))")
    legend = f"title={plain(context.key_words(second))}" if second is not None else ""
    context.script.add(f"ax.legend({legend})")


def _bar(context: Context, name: str, *, table: bool) -> None:
    key = context.query.keys[0]
    words = _axis_words(context)
    ordered = (
        is_period(key) or is_cyclic(key) or key.bucket in ("year", "decade") or context.column(key.column).is_number
    )
    lying = not ordered and _bars(context) > UPRIGHT
    shown = name
    if _bars(context) > MAX_BARS:
        context.script.add(f"shown = {name}.{'tail' if ordered else 'head'}({MAX_BARS})")
        shown = "shown"
    if lying:
        context.script.add(f"height = 1.5 + 0.3 * len({shown})")
        figure(context, "9, height")
        context.script.add(f'{shown}[::-1].plot(kind="barh", ax=ax)')
        finish(context, context.title(), words or None, context.key_words(key))
        context.script.add('ax.ticklabel_format(axis="x", style="plain")')
        return
    figure(context)
    rotation = _rotation(context)
    context.script.add(f'{shown}.plot(kind="bar", ax=ax, rot={rotation})')
    if rotation:  # a slanted label ends at its bar
        context.script.add('plt.setp(ax.get_xticklabels(), ha="right")')
    if table and len(context.query.keys) == 2:
        context.script.add(f"ax.legend(title={plain(context.key_words(context.query.keys[1]))})")
    finish(context, context.title(), context.key_words(key), words or None)
    context.script.add('ax.ticklabel_format(axis="y", style="plain")')


def _bars(context: Context) -> int:
    key = context.query.keys[0]
    if context.query.limit is not None and context.query.limit > 1:
        return context.query.limit
    if key.bins:
        return key.bins
    if key.bucket is None:
        return context.column(key.column).profile.distinct
    cycles = {"weekday": 7, "hour_of_day": 24, "month_of_year": 12, "day_of_month": 31, "season": 4}
    return cycles.get(str(key.bucket), MAX_BARS * 2 + 1 if is_period(key) else MAX_BARS)


def _rotation(context: Context) -> int:
    values = context.column(context.query.keys[0].column).profile.values
    short = max((len(str(value)) for value in values), default=0) <= UPRIGHT
    return 0 if short and _bars(context) <= UPRIGHT and context.query.keys[0].bucket is None else 45


def _pie(context: Context, name: str) -> None:
    figure(context, "7, 6")
    if _bars(context) > MAX_SLICES:
        others = quote(context.say("others"))
        context.script.add(
            f"slices = {name}.sort_values(ascending=False)",
            f"rest = slices.iloc[{MAX_SLICES - 1}:].sum()",
            f"slices = slices.iloc[:{MAX_SLICES - 1}]",
            f"slices.loc[{others}] = rest",
        )
        name = "slices"
    context.script.add(f'ax.pie({name}.clip(lower=0), labels={name}.index.astype(str), autopct="%.1f%%")')
    finish(context, context.title(), None, None)


def heatmap(context: Context, name: str, *, annotate: bool = False) -> None:
    """A table as colours, values written in where they fit."""
    query = context.query
    figure(context, "9, 6")
    context.script.add(
        f'image = ax.imshow({name}, aspect="auto", cmap="{"coolwarm" if annotate else "viridis"}"'
        + (", vmin=-1, vmax=1)" if annotate else ")")
    )
    context.script.add(
        f'ax.set_xticks(range(len({name}.columns)), {name}.columns.astype(str), rotation=45, ha="right")',
        f"ax.set_yticks(range(len({name}.index)), {name}.index.astype(str))",
        "fig.colorbar(image, ax=ax)",
    )
    if annotate:
        context.script.add(
            f"for row in range(len({name})) if len({name}) <= 15 else []:",
            f"    for column in range(len({name}.columns)):",
            f'        ax.text(column, row, f"{{{name}.iloc[row, column]:.2f}}", ha="center", va="center")',
        )
        finish(context, context.say("matrix_title") + context.scope, None, None)
        return
    finish(context, context.title(), context.key_words(query.keys[1]), context.key_words(query.keys[0]))
