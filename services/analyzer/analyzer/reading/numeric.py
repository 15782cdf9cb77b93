"""Numbers written by people: decimal commas, grouped thousands, percent and currency signs."""

import re
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.frames import Remark
from analyzer.reading import remarks
from analyzer.reading.kernels import (
    all_match,
    any_match,
    count,
    matches,
    note_dropped,
    plain_spaces,
    replace,
    tolerable,
)
from analyzer.reading.literals import CURRENCY
from analyzer.reading.notes import Notes, quote
from analyzer.reading.textcolumn import TextColumn

Decimal = Literal[".", ","]

_PLAIN: Final = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"
_INTEGER: Final = r"^[+-]?[0-9]{1,18}$"
_ID: Final = r"^[+-]?(?:0[0-9]+|[0-9]{19,})$"
"""The zeros of 00123 mean something; longer numbers than 64 bits hold would be rounded."""
_PHONE: Final = r"^\+[0-9]{10,}$"
_PHONE_NAME: Final = (
    r"(?i)(?:^|[\W_])(?:phone|tel|telephone|mobile|fax|zip|zipcode|postcode|postal|iban|ssn|inn"
    r"|телефон|тел|факс|инн|кпп|снилс|огрн)(?:$|[\W_])"
)
"""Headings of columns whose digits are no quantity."""

_SIGN: Final = r"[+\-−–]"
_NUMBER: Final = (
    rf"(?i)^(?P<open>\()?\s*(?P<before>{_SIGN})?\s*(?P<prefix>{CURRENCY})?\s*(?P<sign>{_SIGN})?\s*"
    r"(?P<body>[0-9.,][0-9., '’_]*?(?:e[+-]?[0-9]{1,3})?)"
    rf"\s*(?P<suffix>{CURRENCY}|%|‰)?(?P<after>-)?\s*(?P<close>\))?$"
)
_EXPONENT: Final = r"(?:[eE][+-]?[0-9]+)?$"
_SPACED: Final = r"[1-9][0-9]{0,2}(?:[ '’_][0-9]{3})+"
_SHAPES: Final[dict[Decimal, str]] = {
    # groups of two are Indian: 12,34,567.89
    ".": rf"^(?:[0-9]+|{_SPACED}|[1-9][0-9]{{0,2}}(?:,[0-9]{{2,3}})*,[0-9]{{3}})?(?:\.[0-9]*)?{_EXPONENT}",
    ",": rf"^(?:[0-9]+|{_SPACED}|[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}})+)?(?:,[0-9]*)?{_EXPONENT}",
}
_MIN_SAMPLE_SHARE: Final = 0.6
"""Of numbers, before the whole column is tried: the rest may turn out to be words for nothing."""
_OTHER: Final[dict[Decimal, Decimal]] = {".": ",", ",": "."}


def is_plain(column: TextColumn) -> bool:
    """Whether all values are numbers as programs write them."""
    return column.share(_PLAIN) == 1 and all_match(column.values, _PLAIN)


def id_reason(column: TextColumn) -> Remark | None:
    """Why plain numbers in this column are no quantity, or None."""
    if re.search(_PHONE_NAME, column.name) or column.share(_PHONE) == 1:
        return remarks.NO_QUANTITY
    if any_match(column.values, _ID):
        return remarks.LONG_DIGITS
    return None


def plain_numbers(column: TextColumn) -> pa.Array | None:
    """int64 or float64 from values for which `is_plain` holds; None if one is too large."""
    kind = pa.int64() if all_match(column.values, _INTEGER) else pa.float64()
    numbers = pc.cast(pc.utf8_ltrim(column.values, characters="+"), kind)
    return None if kind == pa.float64() and count(pc.is_inf(numbers)) else numbers


def decimal_of(column: TextColumn) -> Decimal | None:
    """The only decimal sign that the sample can have; None if it can have either or none."""
    found = [re.search(_NUMBER, value) for value in column.sample]
    bodies = [match["body"] for match in found if match]
    fractions = [body for body in bodies if "." in body or "," in body]
    if not fractions or len(bodies) < _MIN_SAMPLE_SHARE * len(found):
        return None
    points, commas = (sum(bool(re.search(_SHAPES[sign], body)) for body in fractions) for sign in (".", ","))
    if points == commas or max(points, commas) < len(fractions):
        return None
    return "." if points > commas else ","


def styled_numbers(column: TextColumn, decimal: Decimal | None, notes: Notes) -> pa.Array | None:
    """Numbers from values with signs and separators, null where a word stands; None if the column is something else.

    `decimal` is what the rest of the file has, if known: it decides where `1,234` can be read in two ways.
    """
    name, values = column.name, column.values
    if column.share(_NUMBER) < _MIN_SAMPLE_SHARE or any_match(values, _ID):
        return None
    text = plain_spaces(values)
    parts = pc.extract_regex(text, _NUMBER)
    units = _units(parts)
    signs = ", ".join(sorted(units - {""}))
    if len(units - {""}) > 1 or ({"%", "‰"} & units and "" in units):
        notes.add(remarks.SEVERAL_UNITS, remarks.NAME_AND, name=quote(name), detail=signs)
        return None
    bodies = pc.struct_field(parts, "body")
    style = _style(bodies)
    first = style or decimal or "."
    numbers = _convert(bodies, first)
    if not tolerable(values, numbers.is_valid()):
        _note_rest(values, numbers, name, notes)
        return None
    note_dropped(values, numbers.is_valid(), remarks.WORDS, name, notes)
    if style is None and any_match(bodies, ","):
        meaning = remarks.COMMAS_DECIMAL if first == "," else remarks.COMMAS_THOUSANDS
        notes.add(meaning, remarks.NAME, name=quote(name))
    if not all_match(bodies, _SHAPES[first]):
        notes.add(remarks.MIXED_DECIMALS, remarks.NAME, name=quote(name))
    if signs:
        what = remarks.PERCENT if "%" in signs else remarks.UNITS
        notes.add(what, remarks.NAME_AND, name=quote(name), detail=signs)
    return pc.if_else(_negative(parts), pc.negate(numbers), numbers)


def _units(parts: pa.Array) -> set[str]:
    """The currency and percent signs in the column, `''` among them if some values have none."""
    joined = _join(parts, "prefix", "suffix")
    return {unit.lower() for unit in pc.unique(joined.drop_null()).to_pylist()}


def _style(bodies: pa.Array) -> Decimal | None:
    """The decimal sign that more of the values can have; None if it is a draw, as with `1,234`."""
    points, commas = (count(matches(bodies, _SHAPES[sign])) for sign in (".", ","))
    if points == commas:
        return None
    return "." if points > commas else ","


def _convert(bodies: pa.Array, first: Decimal) -> pa.Array:
    """Numbers from bodies in the first style, else in the other; null where neither fits."""
    fits = matches(bodies, _SHAPES[first])
    fits_other = pc.and_(pc.invert(fits), matches(bodies, _SHAPES[_OTHER[first]]))
    nothing = pa.scalar(None, bodies.type)
    main = _clean(pc.if_else(fits, bodies, nothing), first)
    rest = _clean(pc.if_else(fits_other, bodies, nothing), _OTHER[first])
    text = pc.coalesce(main, rest)
    text = pc.if_else(matches(text, _PLAIN), text, nothing)
    return pc.cast(text, pa.int64() if all_match(text, _INTEGER) else pa.float64())


def _clean(bodies: pa.Array, decimal: Decimal) -> pa.Array:
    text = replace(bodies, rf"[ '’_{_OTHER[decimal]}]", "")
    return replace(text, ",", ".") if decimal == "," else text


def _negative(parts: pa.Array) -> pa.Array:
    """A minus on any side, or brackets around, as in accounts."""
    return matches(_join(parts, "before", "sign", "after", "open", "close"), r"[−–-]|\(\)")


def _join(parts: pa.Array, *names: str) -> pa.Array:
    fields = [pc.struct_field(parts, name).cast(pa.large_string()) for name in names]
    return pc.binary_join_element_wise(*fields, pa.scalar("", pa.large_string()))


def _note_rest(values: pa.Array, numbers: pa.Array, name: str, notes: Notes) -> None:
    """Tell why a column that is mostly numbers stays text."""
    rest = values.filter(pc.and_(values.is_valid(), numbers.is_null()))
    if len(rest) <= 0.1 * len(values):
        notes.add(remarks.KEPT_AS_TEXT, remarks.VALUE_IN, value=quote(rest[0].as_py()), name=quote(name))
