"""Keys as what pandas groups by, and measures as what it computes."""

from analyzer.planner.query import Key, Measure
from analyzer.planner.write.context import Context
from analyzer.planner.write.script import quote

_PERIODS = {
    "second": "s", "minute": "min", "hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q",
}  # fmt: skip
_CYCLES = {
    "weekday": "day_of_week", "hour_of_day": "hour", "month_of_year": "month", "day_of_month": "day",
    "season": "month % 12 // 3",
}  # fmt: skip
_NAMED = {"weekday": "weekday_names", "month_of_year": "month_names", "season": "season_names"}


def is_period(key: Key) -> bool:
    """Grouped by calendar periods other than years, which are plain numbers."""
    return key.bucket in _PERIODS


def is_cyclic(key: Key) -> bool:
    return key.bucket in _CYCLES


def group_by(context: Context, keys: tuple[Key, ...]) -> str:
    """Writes the lines that cut dates and numbers, and returns the argument of `groupby`."""
    parts = [_key_code(context, key, number) for number, key in enumerate(keys)]
    bins = ", observed=True" if any(key.bins for key in keys) else ""
    return (parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]") + bins


def _key_code(context: Context, key: Key, number: int) -> str:
    values = context.values(key.column)
    label = quote(context.key_words(key))
    if key.bins:
        name = "ranges" if number == 0 else "ranges_2"
        context.script.add(f"{name} = pd.cut({values}, {key.bins}).rename({label})")
        return name
    if key.bucket is None:
        return quote(key.column)
    name = str(key.bucket)
    code = bucket_code(key, values, is_year=context.column(key.column).is_year)
    context.script.add(f"{name} = {f'({code})' if ' ' in code else code}.rename({label})")
    return name


def bucket_code(key: Key, values: str, *, is_year: bool = False) -> str:
    """Moments as the periods they lie in."""
    if key.bucket == "decade":
        return f"{values if is_year else f'{values}.dt.year'} // 10 * 10"
    if key.bucket in _PERIODS:
        return f'{values}.dt.to_period("{_PERIODS[key.bucket]}")'
    return f"{values}.dt.{_CYCLES.get(str(key.bucket), 'year')}"


def is_temporal(context: Context, key: Key) -> bool:
    """Its groups follow each other on the calendar."""
    return context.column(key.column).is_time and not is_cyclic(key)


def cycle_code(context: Context, key: Key, *, axis: str = "index") -> str:
    """Weekdays and months by their names instead of numbers, as a method call; empty for other keys."""
    if key.bucket not in _NAMED:
        return ""
    name = f"{key.bucket}_names"
    context.script.add(f"{name} = {context.list_of(context.names(_NAMED[key.bucket]))}")
    return f".rename({axis}=dict(enumerate({name}{', start=1' if key.bucket == 'month_of_year' else ''})))"


def values_code(context: Context, by: str, derived: str | None) -> str:
    """The first measure by group, under a name a person can read."""
    measure = context.query.measures[0]
    if measure.aggregation is None and measure.column is not None:
        context.script.use(measure.column)
        return f"{context.rows}.set_index({by})[{quote(measure.column)}].sort_index()"
    frame = f"{context.rows}.groupby({by})"
    code = aggregate_code(context, measure, frame, derived)
    if code.count(frame) > 1:
        context.script.add(f"groups = {frame}")
        code = f"({aggregate_code(context, measure, 'groups', derived)})"
    if measure.column is None or measure.operator is not None:
        code += f".rename({quote(context.axis_words(measure))})"
    return code


def derive(context: Context, measure: Measure) -> str | None:
    """Writes the column that a ratio or difference of two columns makes; its name, or None if none is needed."""
    if measure.operator is None or measure.column is None or measure.other is None:
        return None
    if measure.operator == "/" and measure.aggregation == "sum":
        return None
    name = "ratio" if measure.operator == "/" else "difference"
    code = f"{context.values(measure.column)} {measure.operator} {context.values(measure.other)}"
    context.script.add(f"rows = {context.rows}.assign({name}={code})")
    context.rows = "rows"
    return name


def aggregate_code(context: Context, measure: Measure, source: str, derived: str | None = None) -> str:
    """The measure over `source`, a frame or its groups."""
    if measure.column is None:
        return f"len({source})" if source == context.rows else f"{source}.size()"
    context.script.use(measure.column, measure.other)
    if measure.operator == "/" and derived is None:
        return f"{source}[{quote(measure.column)}].sum() / {source}[{quote(measure.other)}].sum()"
    if measure.bucket is not None:
        return f"{bucket_code(Key(measure.column, measure.bucket), f'{source}[{quote(measure.column)}]')}.nunique()"
    values = f"{source}[{quote(derived or measure.column)}]"
    if measure.aggregation == "percentile":
        return f"{values}.quantile({measure.percent / 100:g})"
    if measure.aggregation == "range":
        return f"{values}.max() - {values}.min()"
    if measure.aggregation == "mode":
        return f"{values}.mode()[0]" if source == context.rows else f"{values}.agg(lambda group: group.mode().min())"
    return f"{values}.{measure.aggregation}()"
