"""Code about the table as a whole: overview, size, columns, missing values, duplicates, distinct values."""

from analyzer.planner.write.charts import figure, finish
from analyzer.planner.write.context import Context
from analyzer.planner.write.script import Code, names, quote

DESCRIBED = 8
"""As many numbers are described in the answer; the table holds all."""


def write_overview(context: Context) -> None:
    schema = context.schema
    context.script.use(*schema.names)
    context.script.add('result = df.describe(include="all").transpose()')
    context.script.add(f"result = result.rename_axis({quote(context.say('column_axis'))})")
    context.script.add("names = listing(df.columns, most=30)")
    sentences = [
        context.literal("overview", rows=Code("len(df)"), columns=Code("len(df.columns)"), names=Code("names"))
    ]
    time = schema.time
    if time is not None and time.is_date:
        values = f"df[{quote(time.name)}]"
        context.script.add(f"start, end = {values}.min(), {values}.max()")
        form = context.date_format(time.name)
        sentences.append(context.literal("overview_time", start=Code(f"start:{form}"), end=Code(f"end:{form}")))
    numbers = [column.name for column in schema.measures]
    if numbers:
        item = context.say(
            "overview_number",
            name="{name}",
            low="{number(x.min())}",
            high="{number(x.max())}",
            mean="{number(x.mean())}",
        )
        context.script.add(
            f'parts = listing((f"{item}" for name, x in df[{names(numbers)}].items()), most={DESCRIBED})'
        )
        sentences.append(context.literal("overview_numbers", listing=Code("parts")))
    context.script.add("answer = " + ' + " " + '.join(sentences))


def write_shape(context: Context) -> None:
    context.script.add("result = len(df)")
    context.answer("shape", rows=Code("result"), columns=Code("len(df.columns)"))


def write_columns(context: Context) -> None:
    context.script.use(*context.schema.names)
    context.script.add(
        'result = pd.DataFrame({"type": df.dtypes.astype(str), "missing": df.isna().sum(), "different": df.nunique()})',
        f"result = result.rename_axis({quote(context.say('column_axis'))})",
        "names = listing(df.columns, most=50)",
    )
    context.answer("columns", count=Code("len(df.columns)"), names=Code("names"))


def write_extent(context: Context) -> None:
    context.start()
    column = context.query.columns[0]
    values = context.values(column)
    context.script.add(
        f"start, end = {values}.min(), {values}.max()", 'result = pd.Series({"first": start, "last": end})'
    )
    form = f":{context.date_format(column)}" if context.column(column).is_date else ""
    context.answer("extent", column=context.named(column), start=Code(f"start{form}"), end=Code(f"end{form}"))


def write_missing(context: Context) -> None:
    context.start()
    columns = context.query.columns
    context.script.use(*columns)
    every = columns == context.schema.names
    frame = context.rows if every else f"{context.rows}[{names(columns)}]"
    labels = f".rename({quote(context.say('missing_axis'))}).rename_axis({quote(context.say('column_axis'))})"
    context.script.add(
        f"result = {frame}.isna().sum().sort_values(ascending=False){labels}",
        "some = result[result > 0]",
        'parts = listing(f"{name} {count}" for name, count in some.items())',
        "if some.empty:",
        f"    answer = {context.literal('missing_none', rows=Code(f'len({context.rows})'))}",
        "else:",
        f"    answer = {context.literal('missing_some', total=Code('some.sum()'), listing=Code('parts'))}",
    )


def write_duplicates(context: Context) -> None:
    context.start()
    columns = context.query.columns
    context.script.use(*(columns or context.schema.names))
    subset = names(columns) if columns else ""
    context.script.add(f"result = {context.rows}[{context.rows}.duplicated({subset})]")
    if columns:
        context.answer("duplicates_of", count=Code("len(result)"), columns=context.join(columns))
    else:
        context.answer("duplicates", count=Code("len(result)"))


def write_distinct(context: Context) -> None:
    context.start()
    column = context.query.columns[0]
    label = quote(context.say("rows_axis"))
    context.script.add(f"result = {context.values(column)}.value_counts().rename({label})")
    shown = f"{'{'}name:{context.date_format(column)}{'}'}" if context.column(column).is_date else "{name}"
    context.script.add(f'parts = listing((f"{shown} ({{count}})" for name, count in result.items()), most=30)')
    context.answer(
        "distinct", column=context.named(column), count=Code("len(result)"), scope=context.scope, listing=Code("parts")
    )
    if context.query.chart not in (None, "none"):
        context.script.add("")
        figure(context)
        context.script.add('result.head(30)[::-1].plot(kind="barh", ax=ax)')
        finish(context, column + context.scope, context.say("rows_axis"), None)
