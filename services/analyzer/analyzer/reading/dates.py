"""Dates in whatever way they are written: recognised value by value, with the order of day and month decided once."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.reading import remarks
from analyzer.reading.dategrammar import (
    COMPACT,
    COMPACT_MONTH,
    DOTTED,
    DOTTED_MONTH,
    GRAMMARS,
    ISO,
    MONTHS,
    SLASHED,
    Grammar,
)
from analyzer.reading.kernels import all_match, any_match, matches, note_dropped, plain_spaces, tolerable
from analyzer.reading.notes import Notes, quote
from analyzer.reading.textcolumn import TextColumn

Dates = npt.NDArray[np.datetime64]
_Integers = npt.NDArray[np.int64]

_DATE_NAME: Final = re.compile(
    r"(?:^|[\W_])(?:date|day|month|period|dt|дата|день|месяц|период)(?:$|[\W_])", re.IGNORECASE
)
_SERIAL_NAME: Final = re.compile(r"(?:^|[\W_])(?:date|дата)(?:$|[\W_])", re.IGNORECASE)
_SERIAL: Final = r"^(?:2[5-9]|[345][0-9])[0-9]{3}$"
"""Days since 1899-12-30 as spreadsheets count them, from 1968 to 2064."""
_SERIAL_START: Final = np.datetime64("1899-12-30", "us")

_MIN_SAMPLE_SHARE: Final = 0.8
_MAX_BAD_SHARE: Final = 0.05
"""Of values that are no dates, like 31.02.2020 or `unknown`, in a column of dates."""
_MIN_GUESSED: Final = 5
"""Distinct values before plain integers like 20201231 are taken for dates without a hint in the heading."""
_FIRST_SHORT_YEAR: Final = 69
"""Two digits are 1969 to 2068, as in POSIX."""
_MONTH_NUMBERS: Final = np.array(list(MONTHS.values()), np.int64)
_NAT: Final = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class Order:
    """Which comes first in 01/02/2020, as far as the file's other columns tell; None if they do not."""

    day_first: bool | None = None


def dates_of_integers(column: TextColumn, notes: Notes) -> Dates | None:
    """Dates from plain numbers that are written like 20201231, 202012, 12.2020, or are a spreadsheet's day numbers."""
    values = column.values
    hinted = bool(_DATE_NAME.search(column.name))
    for grammar, allowed in ((COMPACT, True), (COMPACT_MONTH, hinted), (DOTTED_MONTH, True)):
        if allowed and column.share(grammar.regex) == 1 and all_match(values, grammar.regex):
            if not hinted and not any_match(values, "^0") and pc.count_distinct(values).as_py() < _MIN_GUESSED:
                return None
            dates = _parse(values, (grammar,), day_first=True).local
            if np.isnat(dates).sum() > values.null_count:
                return None
            notes.add(remarks.DATES_OF_NUMBERS, remarks.NAME_LIKE, name=quote(column.name), value=grammar.shown)
            return dates
    if _SERIAL_NAME.search(column.name) and all_match(values, _SERIAL):
        notes.add(remarks.DAY_NUMBERS, remarks.NAME, name=quote(column.name))
        days = pc.cast(values.fill_null("0"), pa.int64()).to_numpy().astype("m8[D]")
        return np.asarray(np.where(values.is_valid().to_numpy(zero_copy_only=False), _SERIAL_START + days, _NAT))
    return None


def day_first_of(column: TextColumn) -> bool | None:
    """What a sample of a column tells about the order of day and month; None if nothing."""
    found = [re.search(SLASHED.regex, value) for value in column.sample]
    days = [(int(match["first"]), int(match["second"])) for match in found if match]
    return _decide(*np.array(days).T) if days else None


def read_dates(column: TextColumn, order: Order, notes: Notes) -> Dates | None:
    """`datetime64[us]` of the column's length, NaT where nothing is said; None if these are not dates."""
    name, values = column.name, column.values
    if sum(map(_is_date, column.sample)) < _MIN_SAMPLE_SHARE * len(column.sample):
        return None
    if column.share(ISO) == 1 and (quick := _cast(values)) is not None:
        return quick
    encoded = pc.dictionary_encode(values)
    words = plain_spaces(encoded.dictionary)
    day_first = _slashed_order(words, name, order, notes)
    parsed = _parse(words, GRAMMARS, day_first=day_first)
    places = encoded.indices.fill_null(len(words)).to_numpy()
    dates: Dates = np.append(_without_zones(parsed, name, notes), _NAT)[places]
    good = pa.array(~np.isnat(dates))
    if not tolerable(values, good, with_digits=_MAX_BAD_SHARE):
        return None
    note_dropped(values, good, remarks.NO_DATES, name, notes)
    if len(parsed.grammars) > 1:
        ways = ", ".join(grammar.shown for grammar in parsed.grammars[:4])
        notes.add(remarks.SEVERAL_WAYS, remarks.NAME_LIKE, name=quote(name), value=ways)
    return dates


@dataclass
class _Parsed:
    """`local` as the clock shows it; `offset` to UTC in minutes, where `zoned` tells that one was given."""

    local: Dates
    offset: _Integers
    zoned: npt.NDArray[np.bool_]
    grammars: list[Grammar]


def _cast(values: pa.Array) -> Dates | None:
    """Arrow's own reading, ten times as fast; None if one value is anything but plain ISO 8601."""
    try:
        dates: Dates = pc.cast(values, pa.timestamp("us")).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return dates


def _is_date(value: str) -> bool:
    return any(re.search(grammar.regex, value) for grammar in GRAMMARS)


def _parse(words: pa.Array, grammars: tuple[Grammar, ...], *, day_first: bool) -> _Parsed:
    size = len(words)
    words = words.fill_null("")
    parsed = _Parsed(np.full(size, _NAT), np.zeros(size, np.int64), np.zeros(size, np.bool_), [])
    left = np.arange(size)
    for grammar in grammars:
        rest = words.take(pa.array(left))
        hit = matches(rest, grammar.regex).to_numpy(zero_copy_only=False)
        if not hit.any():
            continue
        fields = pc.extract_regex(rest.filter(pa.array(hit)), grammar.regex)
        places = left[hit]
        parsed.local[places] = _clock(fields, _days(fields, grammar, day_first=day_first))
        parsed.offset[places], parsed.zoned[places] = _zones(fields)
        parsed.grammars.append(grammar)
        left = left[~hit]
    return parsed


def _text(fields: pa.Array, name: str) -> pa.Array | None:
    """The field as text, `''` where it was left out; None if the grammar has no such field."""
    position = fields.type.get_field_index(name)
    return None if position < 0 else pc.struct_field(fields, name).cast(pa.large_string()).fill_null("")


def _number(fields: pa.Array, name: str, default: int = 0) -> _Integers:
    text = _text(fields, name)
    if text is None:
        return np.full(len(fields), default, np.int64)
    digits = pc.if_else(pc.equal(text, ""), str(default), text)
    return np.asarray(pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False), np.int64)


def _days(fields: pa.Array, grammar: Grammar, *, day_first: bool) -> Dates:
    """`datetime64[D]`; NaT where there is no such day."""
    year = _number(fields, "year") + _number(fields, "short_year")
    year = np.where(year < 100, year + np.where(year < _FIRST_SHORT_YEAR, 2000, 1900), year)
    if grammar in {DOTTED, SLASHED}:
        day, month = _day_and_month(fields, grammar, day_first=day_first)
    else:
        day, month = _number(fields, "day", default=1), _month(fields)
    start = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    days = start.astype("M8[D]") + (day - 1)
    return np.where((month >= 1) & (month <= 12) & (days.astype("M8[M]") == start), days, np.datetime64("NaT", "D"))


def _day_and_month(fields: pa.Array, grammar: Grammar, *, day_first: bool) -> tuple[_Integers, _Integers]:
    first, second = _number(fields, "first"), _number(fields, "second")
    if grammar == DOTTED:
        day_first = _decide(first, second) is not False
    day, month = (first, second) if day_first else (second, first)
    other_way = (month > 12) & (day <= 12)
    return np.where(other_way, month, day), np.where(other_way, day, month)


def _month(fields: pa.Array) -> _Integers:
    name = _text(fields, "name")
    if name is not None:
        keys = pa.array(list(MONTHS), pa.large_string())
        places = pc.index_in(pc.utf8_slice_codeunits(pc.utf8_lower(name), 0, 3), keys)
        months: _Integers = _MONTH_NUMBERS[places.to_numpy()]
        return months
    quarter = _number(fields, "quarter") + _number(fields, "quarter_before")
    return np.where(quarter > 0, 3 * quarter - 2, _number(fields, "month", default=1))


def _clock(fields: pa.Array, days: Dates) -> Dates:
    hour, minute, second = (_number(fields, name) for name in ("hour", "minute", "second_of_minute"))
    half = _text(fields, "half")
    if half is not None:
        lower = pc.utf8_lower(half).to_numpy(zero_copy_only=False)
        hour = np.where((lower == "p") & (hour < 12), hour + 12, np.where((lower == "a") & (hour == 12), 0, hour))
    fraction = _text(fields, "fraction")
    micros = np.zeros(len(fields), np.int64)
    if fraction is not None:
        padded = pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, 6, "0"), 0, 6)
        micros = pc.cast(padded, pa.int64()).to_numpy(zero_copy_only=False)
    total = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros
    moments = days.astype("M8[us]") + total.astype("m8[us]")
    return np.where((hour < 24) & (minute < 60) & (second < 60), moments, _NAT)


def _zones(fields: pa.Array) -> tuple[_Integers, npt.NDArray[np.bool_]]:
    text = _text(fields, "zone")
    if text is None:
        return np.zeros(len(fields), np.int64), np.zeros(len(fields), np.bool_)
    encoded = pc.dictionary_encode(text)
    offsets = np.array([_offset(zone) for zone in encoded.dictionary.to_pylist()], np.int64)
    given = np.array([bool(zone) for zone in encoded.dictionary.to_pylist()], np.bool_)
    places = encoded.indices.to_numpy()
    return offsets[places], given[places]


def _offset(zone: str) -> int:
    """Minutes east of UTC."""
    digits = re.sub(r"[^0-9+-]", "", zone)
    if not digits:
        return 0
    minutes = int(digits[1:3]) * 60 + int(digits[3:5] or 0)
    return -minutes if digits[0] == "-" else minutes


def _without_zones(parsed: _Parsed, name: str, notes: Notes) -> Dates:
    """The clock's time where all offsets are the same, else UTC: a column has no zone of its own."""
    offsets = np.unique(parsed.offset[parsed.zoned])
    if not len(offsets):
        return parsed.local
    if len(offsets) == 1 and parsed.zoned[~np.isnat(parsed.local)].all():
        zone = dt.timezone(dt.timedelta(minutes=int(offsets[0])))
        notes.add(remarks.LOCAL_TIMES, remarks.NAME_AND, name=quote(name), detail=zone)
        return parsed.local
    notes.add(remarks.MIXED_ZONES, remarks.NAME, name=quote(name))
    universal: Dates = parsed.local - parsed.offset.astype("m8[m]")
    return universal


def _slashed_order(words: pa.Array, name: str, order: Order, notes: Notes) -> bool:
    """Whether the day comes first in dates like 01/02/2020."""
    slashed = words.filter(matches(words, SLASHED.regex))
    if not len(slashed):
        return True
    fields = pc.extract_regex(slashed, SLASHED.regex)
    first, second = _number(fields, "first"), _number(fields, "second")
    if (first > 12).any() and (second > 12).any():
        notes.add(remarks.MIXED_ORDERS, remarks.NAME, name=quote(name))
    decided = _decide(first, second)
    if decided is None and (first != second).any():
        decided = order.day_first is not False
        order_read = remarks.DAY_FIRST if decided else remarks.MONTH_FIRST
        notes.add(order_read, remarks.NAME_LIKE, name=quote(name), value=slashed[0].as_py())
    return decided is not False


def _decide(first: _Integers, second: _Integers) -> bool | None:
    """Whether the first number is the day, shown by numbers above 12; None if there are none."""
    as_day, as_month = int((first > 12).sum()), int((second > 12).sum())
    return None if as_day == as_month == 0 else as_day >= as_month
