"""From text to values: which kind each column is, decided by all its cells, with the whole table as context."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.reading import remarks
from analyzer.reading.dates import Dates, Order, dates_of_integers, day_first_of, read_dates
from analyzer.reading.kernels import all_match, count, is_blank, strip_missing
from analyzer.reading.literals import TRUTHS
from analyzer.reading.notes import Notes, quote
from analyzer.reading.numeric import (
    Decimal,
    decimal_of,
    id_reason,
    is_plain,
    plain_numbers,
    styled_numbers,
)
from analyzer.reading.rawtable import RawTable
from analyzer.reading.textcolumn import TextColumn, text_column

TEXT: Final[Any] = pd.StringDtype(na_value=np.nan)
"""pandas' default dtype for text."""

_LETTER_TRUTHS: Final = frozenset({("y", "n"), ("t", "f")})
"""One of these letters alone may be anything; both are needed."""


_GROUPED_BY_POINTS: Final = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"

Column: TypeAlias = pa.Array | Dates


@dataclass(frozen=True)
class Customs:
    """How the file writes numbers and dates, as far as columns that can be read in one way only tell.

    `decimal` is what they show, `assumed` what is taken where neither they nor the column itself decide.
    """

    decimal: Decimal | None
    assumed: Decimal | None
    order: Order


def to_frame(table: RawTable, notes: Notes, delimiter: str | None = None) -> tuple[pd.DataFrame, Decimal | None]:
    """The typed frame, and the file's decimal sign if it shows one. `table.columns` is used up on the way.

    Text becomes pandas' `str`, dates `datetime64[us]` without a zone, integers `int64` (`Int64` with missing values),
    other numbers `float64`, truth values `bool` (`boolean`); columns without any value are `float64`.
    """
    _drop_blank_rows(table.columns, notes)
    columns = [_strip(table.columns.pop(0), name, notes) for name in table.names]
    customs = _survey([column for column in columns if isinstance(column, TextColumn)], delimiter)
    arrays: dict[str, Any] = {}
    for position, name in enumerate(table.names):
        column = columns.pop(0)
        if isinstance(column, TextColumn):
            native = position in table.native
            column = _infer(column, Customs(".", ".", customs.order) if native else customs, notes)
        arrays[name] = _to_pandas(column)
    return pd.DataFrame(arrays, copy=False), customs.decimal


def _strip(column: pa.Array, name: str, notes: Notes) -> TextColumn | pa.Array:
    if not pa.types.is_large_string(column.type):
        return column
    values, markers = strip_missing(column)
    if markers:
        notes.add(remarks.MISSING, remarks.VALUE_IN, value=", ".join(map(quote, markers)), name=quote(name))
    return text_column(name, values)


def _drop_blank_rows(columns: list[pa.Array], notes: Notes) -> None:
    """Spreadsheets end in rows of nothing but delimiters."""
    blank: Any = True
    for column in columns:
        blank = pc.and_(blank, is_blank(column))
        if not count(blank):
            return
    notes.say(remarks.BLANK_ROWS, count=f"{count(blank):,}")
    columns[:] = [column.filter(pc.invert(blank)) for column in columns]


def _survey(columns: list[TextColumn], delimiter: str | None) -> Customs:
    decimals = {decimal_of(column) for column in columns} - {None}
    orders = {day_first_of(column) for column in columns} - {None}
    decimal = decimals.pop() if len(decimals) == 1 else None
    # semicolons are used where the comma is the decimal sign
    assumed = decimal or ("," if delimiter == ";" else None)
    return Customs(decimal, assumed, Order(orders.pop() if len(orders) == 1 else None))


def _infer(column: TextColumn, customs: Customs, notes: Notes) -> Column:
    """The values of a column as what they are; the text itself if they are nothing else."""
    if not column.sample:
        return pa.nulls(len(column.values), pa.float64())
    if (truths := _truths(column)) is not None:
        return truths
    if is_plain(column):
        return _infer_plain(column, customs, notes)
    if (dates := read_dates(column, customs.order, notes)) is not None:
        return dates
    numbers = styled_numbers(column, customs.assumed, notes)
    return column.values if numbers is None else numbers


def _infer_plain(column: TextColumn, customs: Customs, notes: Notes) -> Column:
    if (dates := dates_of_integers(column, notes)) is not None:
        return dates
    if reason := id_reason(column):
        notes.add(reason, remarks.NAME, name=quote(column.name))
        return column.values
    if customs.assumed == "," and all_match(column.values, _GROUPED_BY_POINTS):
        if customs.decimal == ",":
            notes.add(remarks.POINTS_THOUSANDS, remarks.NAME, name=quote(column.name))
            return pc.cast(pc.replace_substring(column.values, ".", ""), pa.int64())
        notes.add(remarks.POINTS_DECIMAL, remarks.NAME, name=quote(column.name))
    numbers = plain_numbers(column)
    return column.values if numbers is None else numbers


def _truths(column: TextColumn) -> pa.Array | None:
    words = {value.lower() for value in column.sample}
    for yes, no in TRUTHS:
        if words <= {yes, no} and (len(words) == 2 or (yes, no) not in _LETTER_TRUTHS):
            lower = pc.utf8_lower(column.values)
            both = pa.array([yes, no], pa.large_string())
            return pc.equal(lower, yes) if pc.all(pc.is_in(lower.drop_null(), both)).as_py() else None
    return None


def _to_pandas(column: Column) -> Any:
    """An array for a frame that owns it: pandas writes into its arrays, Arrow's are read-only."""
    if isinstance(column, np.ndarray):
        return column
    if pa.types.is_large_string(column.type):
        return TEXT.__from_arrow__(column)
    if column.null_count and pa.types.is_integer(column.type):
        return pd.arrays.IntegerArray(_numpy(column.fill_null(0)), _numpy(column.is_null()))
    if column.null_count and pa.types.is_boolean(column.type):
        return pd.arrays.BooleanArray(_numpy(column.fill_null(False)), _numpy(column.is_null()))
    return _numpy(column)


def _numpy(column: pa.Array) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values if values.flags.writeable else values.copy()
