"""Conditions as pandas expressions and in words."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analyzer.planner.dates import When
from analyzer.planner.query import Filter
from analyzer.planner.schema import Schema
from analyzer.planner.write.script import quote

if TYPE_CHECKING:
    from analyzer.planner.write.context import Context

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}
_WRITTEN_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "eq": "=", "ne": "≠"}
_OFFSETS = {unit: f"{unit}s" for unit in ("second", "minute", "hour", "day", "week", "month", "year")}


def needs_check(filters: Sequence[Filter]) -> bool:
    """Whether it may be that no row meets the conditions: a single known value is always there."""
    return not (len(filters) == 1 and filters[0].operator in ("in", "not_in"))


def condition_code(condition: Filter, frame: str, schema: Schema) -> str:
    """The condition as an expression over `frame`."""
    values = f"{frame}[{quote(condition.column)}]"
    operator = condition.operator
    if operator in _SIGNS:
        return f"{values} {_SIGNS[operator]} {_compared(condition, values)}"
    if operator == "between":
        low, high = condition.values
        return f"{values}.between({quote(low)}, {quote(high)})"
    if operator in ("missing", "present"):
        return f"{values}.isna()" if operator == "missing" else f"{values}.notna()"
    if operator in ("in", "not_in"):
        return _membership(condition, values)
    if operator in ("like", "not_like"):
        return ("~" if operator == "not_like" else "") + _spelled(condition, values)
    if operator in ("contains", "starts", "ends"):
        return _text(condition, values)
    return _period(condition, values, is_year=schema[condition.column].is_year)


def having_code(condition: Filter) -> str:
    """Keeps the groups that meet a condition, as a method call."""
    if condition.operator == "between":
        low, high = condition.values
        return f".loc[lambda values: values.between({quote(low)}, {quote(high)})]"
    return f".loc[lambda values: values {_SIGNS[condition.operator]} {quote(condition.values[0])}]"


def condition_words(condition: Filter, context: "Context") -> str:
    """The condition in the question's language."""
    column = context.named(condition.column)
    operator = condition.operator
    if operator in ("highest", "lowest"):
        key = "top_rows" if operator == "highest" else "bottom_rows"
        return context.say(key, count=condition.values[0], column=column)
    if operator in _SIGNS:
        return _sign_words(condition, context)
    if operator == "between":
        return context.say("between", column=column, low=condition.values[0], high=condition.values[1])
    if operator in ("missing", "present"):
        return context.say(operator, column=column)
    if operator in ("in", "not_in", "like", "not_like"):
        key = "is_not" if operator.startswith("not") else "is"
        shown = condition.said or condition.values
        return context.say(key, column=column, values=context.join((str(value) for value in shown), "or"))
    if operator in ("contains", "starts", "ends"):
        return context.say(operator, column=column, values=condition.values[0])
    return _period_words(condition, context)


def _compared(condition: Filter, values: str) -> str:
    value = condition.values[0]
    return f"{values}.{value}()" if isinstance(value, str) else quote(value)


def _sign_words(condition: Filter, context: "Context") -> str:
    value = condition.values[0]
    sign = _WRITTEN_SIGNS[condition.operator]
    if isinstance(value, str):
        return context.say(
            "than_own", column=context.named(condition.column), sign=sign, aggregation=context.say(f"average_{value}")
        )
    return f"{context.named(condition.column)} {sign} {value}"


def _membership(condition: Filter, values: str) -> str:
    negated = condition.operator == "not_in"
    if len(condition.values) == 1:
        value = condition.values[0]
        if value is True:
            return f"~{values}" if negated else values
        return f"{values} {'!=' if negated else '=='} {quote(value)}"
    return f"{'~' if negated else ''}{values}.isin([{', '.join(quote(value) for value in condition.values)}])"


def _spelled(condition: Filter, values: str) -> str:
    """Values the profile does not list: compared without regard to case."""
    spellings = [quote(str(value).lower()) for value in condition.values]
    if len(spellings) == 1:
        return f"({values}.str.lower() == {spellings[0]})"
    return f"{values}.str.lower().isin([{', '.join(spellings)}])"


def _text(condition: Filter, values: str) -> str:
    plain = quote(str(condition.values[0]).lower())
    if condition.operator == "contains":
        return f"{values}.str.lower().str.contains({plain}, regex=False, na=False)"
    method = "startswith" if condition.operator == "starts" else "endswith"
    return f"{values}.str.lower().str.{method}({plain}, na=False)"


# Periods


def _period(condition: Filter, values: str, *, is_year: bool) -> str:
    whens = [when for when in condition.values if isinstance(when, When)]
    if condition.operator in ("during", "not_during"):
        parts = [_during(when, values, is_year=is_year) for when in whens]
        years = [when.year for when in whens if _is_year(when)]
        if len(years) == len(whens) > 1:
            parts = [f"{_years(values, is_year=is_year)}.isin({years})"]
        joined = parts[0] if len(parts) == 1 else " | ".join(f"({part})" for part in parts)
        return f"~({joined})" if condition.operator == "not_during" else joined
    first, end = whens[0].bounds()
    if condition.operator == "span":
        end = whens[1].bounds()[1]
        if is_year or all(_is_year(when) for when in whens):
            return f"{_years(values, is_year=is_year)}.between({first.year}, {end.year - 1})"
        return f"({values} >= {_day(first)}) & ({values} < {_day(end)})"
    return {
        "since": f"{values} >= {_bound(first, is_year=is_year)}",
        "before": f"{values} < {_bound(first, is_year=is_year)}",
        "after": f"{values} >= {_bound(end, is_year=is_year)}",
        "until": f"{values} < {_bound(end, is_year=is_year)}",
    }[condition.operator]


def _during(when: When, values: str, *, is_year: bool) -> str:
    if when.last is not None:
        count, unit = when.last
        if is_year:
            return f"{values} > {values}.max() - {count}"
        offset = f"months={3 * count}" if unit == "quarter" else f"{_OFFSETS[unit]}={count}"
        return f"{values} > {values}.max() - pd.DateOffset({offset})"
    if when.weekdays:
        days = list(when.weekdays)
        return f"{values}.dt.day_of_week == {days[0]}" if len(days) == 1 else f"{values}.dt.day_of_week.isin({days})"
    if _is_year(when):
        return f"{_years(values, is_year=is_year)} == {when.year}"
    if not when.is_period:
        return _recurring(when, values)
    first, end = when.bounds()
    if is_year:
        return f"{values}.between({first.year}, {end.year - 1})"
    if when.until_year is not None:
        return f"{values}.dt.year.between({when.year}, {when.until_year})"
    return f"({values} >= {_day(first)}) & ({values} < {_day(end)})"


def _recurring(when: When, values: str) -> str:
    months = when.months or (when.month,)
    parts = [f"{values}.dt.month == {months[0]}" if len(months) == 1 else f"{values}.dt.month.isin({list(months)})"]
    if when.day is not None:
        parts.append(f"{values}.dt.day == {when.day}")
    if when.year is not None:
        parts.append(f"{values}.dt.year == {when.year}")
    return parts[0] if len(parts) == 1 else " & ".join(f"({part})" for part in parts)


def _is_year(when: When) -> bool:
    plain = when.month is None and not when.months and not when.weekdays and when.last is None and when.edge is None
    return plain and when.year is not None and when.until_year is None


def _years(values: str, *, is_year: bool) -> str:
    return values if is_year else f"{values}.dt.year"


def _day(day: dt.date) -> str:
    return f'"{day.isoformat()}"'


def _bound(day: dt.date, *, is_year: bool) -> str:
    return str(day.year) if is_year else _day(day)


def _period_words(condition: Filter, context: "Context") -> str:
    whens = [_when_words(when, context) for when in condition.values if isinstance(when, When)]
    column = context.named(condition.column)
    exact = all(isinstance(when, When) and (when.day or when.weekdays) for when in condition.values)
    if condition.operator == "during" and exact:
        return context.say("during_day", column=column, period=context.join(whens, "or"))
    if condition.operator == "span":
        return context.say("span", column=column, start=whens[0], end=whens[1])
    return context.say(condition.operator, column=column, period=context.join(whens, "or"))


def _when_words(when: When, context: "Context") -> str:
    if when.edge is not None:
        first, end = when.bounds()
        return f"{first} – {end - dt.timedelta(days=1)}"
    if when.last is not None:
        return context.say("last", count=when.last[0], unit=context.say(f"bucket_{when.last[1]}"))
    if when.weekdays:
        return context.join((context.names("weekday_names")[day] for day in when.weekdays), "or")
    if when.until_year is not None:
        return f"{when.year}–{when.until_year}"
    months = when.months or ((when.month,) if when.month else ())
    named = context.join((context.names("month_names")[month - 1] for month in months), "or")
    if when.day is not None:
        return f"{when.year}-{when.month:02d}-{when.day:02d}" if when.year else f"{when.day} {named}"
    if not months:
        return str(when.year)
    return f"{named} {when.year}" if when.year else named
