"""Numbers written by people: decimal commas, grouped thousands, percent and currency signs."""

from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.reading.kernels import (
    all_match,
    any_match,
    count,
    matches,
    note_dropped,
    plain_spaces,
    replace,
    sample,
    tolerable,
)
from analyzer.reading.literals import CURRENCY
from analyzer.reading.notes import Notes, quote

Decimal = Literal[".", ","]

_PLAIN: Final = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"
_INTEGER: Final = r"^[+-]?[0-9]{1,18}$"
_LEADING_ZERO: Final = r"^[+-]?0[0-9]+$"
_TOO_LONG: Final = r"^[+-]?[0-9]{19,}$"
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
_OTHER: Final[dict[Decimal, Decimal]] = {".": ",", ",": "."}


def id_reason(values: pa.Array, name: str) -> str | None:
    """Why digits in this column are no quantity (part of a sentence), or None. All values are plain numbers."""
    if any_match(values, _LEADING_ZERO):
        return "leading zeros"
    if any_match(values, _TOO_LONG):
        return "too many digits for a number"
    if all_match(values, _PHONE) or any_match(pa.array([name]), _PHONE_NAME):
        return "digits that are no quantity"
    return None


def is_plain(values: pa.Array) -> bool:
    """Whether all values are numbers as programs write them."""
    return all_match(sample(values), _PLAIN) and all_match(values, _PLAIN)


def plain_numbers(values: pa.Array) -> pa.Array | None:
    """int64 or float64 from values for which `is_plain` holds; None if one is too large."""
    kind = pa.int64() if all_match(values, _INTEGER) else pa.float64()
    numbers = pc.cast(pc.utf8_ltrim(values, characters="+"), kind)
    return None if kind == pa.float64() and count(pc.is_inf(numbers)) else numbers


def decimal_of(values: pa.Array) -> Decimal | None:
    """The decimal sign that these values (a sample) can only have; None if they can have either or neither."""
    bodies = _bodies(values)
    if bodies is None or not any_match(bodies, "[.,]"):
        return None
    points, commas = (count(matches(bodies, _SHAPES[sign])) for sign in (".", ","))
    if max(points, commas) < len(bodies) or points == commas:
        return None
    return "." if points > commas else ","


def styled_numbers(values: pa.Array, name: str, decimal: Decimal | None, notes: Notes) -> pa.Array | None:
    """Numbers from values with signs and separators, null where a word stands; None if the column is something else.

    `decimal` is what the rest of the file has, if known: it decides where `1,234` can be read in two ways.
    """
    text = plain_spaces(values)
    if not _mostly_numbers(sample(text)):
        return None
    if any_match(values, _LEADING_ZERO) or any_match(values, _TOO_LONG):
        return None
    parts = pc.extract_regex(text, _NUMBER)
    units = _units(parts)
    if len(units - {""}) > 1 or ({"%", "‰"} & units and "" in units):
        notes.add("Columns with several units were kept as text", f"{quote(name)} ({', '.join(sorted(units - {''}))})")
        return None
    bodies = pc.struct_field(parts, "body")
    first = _style(bodies, decimal, name, notes)
    numbers = _convert(bodies, first, notes, name)
    if not tolerable(values, numbers.is_valid()):
        _note_rest(values, numbers, name, notes)
        return None
    note_dropped(values, numbers.is_valid(), "Words among numbers were left out", name, notes)
    if units - {""}:
        notes.add("Signs were taken off numbers", f"{quote(name)} ({(units - {''}).pop()})")
    negative = _negative(parts)
    return pc.if_else(negative, pc.negate(numbers), numbers)


def _mostly_numbers(values: pa.Array) -> bool:
    return len(values) > 0 and count(matches(values, _NUMBER)) >= 0.6 * len(values)


def _bodies(values: pa.Array) -> pa.Array | None:
    text = plain_spaces(values)
    if not _mostly_numbers(text):
        return None
    return pc.struct_field(pc.extract_regex(text, _NUMBER), "body").drop_null()


def _units(parts: pa.Array) -> set[str]:
    """The currency and percent signs in the column, `''` among them if some values have none."""
    joined = pc.binary_join_element_wise(pc.struct_field(parts, "prefix"), pc.struct_field(parts, "suffix"), "")
    return {unit.lower() for unit in pc.unique(joined.cast(pa.large_string()).drop_null()).to_pylist()}


def _style(bodies: pa.Array, decimal: Decimal | None, name: str, notes: Notes) -> Decimal:
    points, commas = (count(matches(bodies, _SHAPES[sign])) for sign in (".", ","))
    if points != commas:
        return "." if points > commas else ","
    if any_match(bodies, ","):
        meaning = "decimal commas" if decimal == "," else "thousands separators"
        notes.add(f"Commas that could be either were read as {meaning}", quote(name))
    return decimal or "."


def _convert(bodies: pa.Array, first: Decimal, notes: Notes, name: str) -> pa.Array:
    """Numbers from bodies in the first style, else in the other; null where neither fits."""
    fits = matches(bodies, _SHAPES[first])
    fits_other = pc.and_(pc.invert(fits), matches(bodies, _SHAPES[_OTHER[first]]))
    if mixed := count(fits_other):
        notes.add("Columns mix decimal points and commas", f"{quote(name)} ({mixed} of the rarer kind)")
    nothing = pa.scalar(None, bodies.type)
    main = _clean(pc.if_else(fits, bodies, nothing), first)
    rest = _clean(pc.if_else(fits_other, bodies, nothing), _OTHER[first])
    text = pc.coalesce(main, rest)
    text = pc.if_else(matches(text, _PLAIN), text, nothing)
    if all_match(text, _INTEGER):
        return pc.cast(text, pa.int64())
    return pc.cast(text, pa.float64())


def _clean(bodies: pa.Array, decimal: Decimal) -> pa.Array:
    text = replace(bodies, rf"[ '’_{_OTHER[decimal]}]", "")
    return replace(text, ",", ".") if decimal == "," else text


def _negative(parts: pa.Array) -> pa.Array:
    signs = [pc.struct_field(parts, field) for field in ("before", "sign", "after")]
    joined = pc.binary_join_element_wise(*signs, "")
    brackets = pc.and_(pc.equal(pc.struct_field(parts, "open"), "("), pc.equal(pc.struct_field(parts, "close"), ")"))
    return pc.or_(pc.fill_null(matches(joined, "[−–-]"), False), pc.fill_null(brackets, False))


def _note_rest(values: pa.Array, numbers: pa.Array, name: str, notes: Notes) -> None:
    """Tell why a column that is mostly numbers stays text."""
    rest = values.filter(pc.and_(values.is_valid(), numbers.is_null()))
    if len(rest) <= 0.1 * len(values):
        notes.add(
            "Columns of numbers were kept as text because of values like", f"{quote(rest[0].as_py())} in {quote(name)}"
        )
