"""Tools for one column of text (`pa.large_string`): whole-column kernels of Arrow, none of which starts a thread."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.frames import Remark
from analyzer.reading import remarks
from analyzer.reading.literals import MISSING
from analyzer.reading.notes import Notes, quote

_MISSING: Final = pa.array(sorted(MISSING), pa.large_string())
SPACES: Final = "[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_BAD_WORD_SHARE: Final = 0.1
_BAD_WORD_ALONE_SHARE: Final = 0.3


def matches(values: pa.Array, pattern: str) -> pa.Array:
    """Which values the RE2 `pattern` finds; null where the value is."""
    return pc.match_substring_regex(values, pattern)


def all_match(values: pa.Array, pattern: str) -> bool:
    """Whether the pattern finds all values that are there."""
    return bool(pc.all(matches(values, pattern)).as_py())


def any_match(values: pa.Array, pattern: str) -> bool:
    """Whether the pattern finds one of the values."""
    return bool(pc.any(matches(values, pattern)).as_py())


def replace(values: pa.Array, pattern: str, replacement: str) -> pa.Array:
    """`values` with everything that `pattern` finds replaced."""
    return pc.replace_substring_regex(values, pattern, replacement)


def count(mask: pa.Array) -> int:
    """How many are true."""
    return int(pc.sum(mask).as_py() or 0)


def is_blank(column: pa.Array) -> pa.Array:
    """Where a column of any type is null, or text is only spaces."""
    if not pa.types.is_large_string(column.type):
        return column.is_null()
    return pc.equal(pc.utf8_trim_whitespace(column.fill_null("")), "")


def strip_missing(values: pa.Array) -> tuple[pa.Array, dict[str, int]]:
    """The values without spaces around them, null where nothing is said; and how often each marker said so."""
    text = pc.utf8_trim_whitespace(values)
    marked = pc.is_in(text, value_set=_MISSING)
    if not count(marked):
        return text, {}
    markers = _count_values(text.filter(marked))
    markers.pop("", None)
    if "NA" in markers and _is_code_list(text.filter(pc.invert(marked))):
        del markers["NA"]  # Namibia, North America
        marked = pc.and_(marked, pc.not_equal(text, "NA"))
    return pc.if_else(marked, pa.scalar(None, pa.large_string()), text), markers


def _count_values(values: pa.Array) -> dict[str, int]:
    return {pair["values"]: pair["counts"] for pair in pc.value_counts(values).to_pylist()}


def _is_code_list(values: pa.Array) -> bool:
    return len(values) > 0 and all_match(values, "^[A-Z]{2}$") and pc.count_distinct(values).as_py() >= 5


def plain_spaces(values: pa.Array) -> pa.Array:
    """`values` with every kind of space as the usual one."""
    return replace(values, SPACES, " ")


def note_dropped(values: pa.Array, good: pa.Array, head: Remark, name: str, notes: Notes) -> None:
    """Note the values that are not `good` (true or null) and therefore become missing."""
    bad = values.filter(pc.and_(pc.invert(good), values.is_valid()))
    if len(bad):
        example = remarks.VALUES_IN if len(bad) > 1 else remarks.VALUE_IN
        notes.add(head, example, value=quote(bad[0].as_py()), name=quote(name), count=f"{len(bad):,}")


def tolerable(values: pa.Array, good: pa.Array, *, with_digits: float = 0.0) -> bool:
    """Whether the values that are not `good` (true or null) may be dropped.

    Words like `unknown` may, if they are few or always the same one. Values with digits may hold what the others hold,
    written in a way that is not understood: of these only the share `with_digits`.
    """
    bad = values.filter(pc.and_(pc.invert(good), values.is_valid()))
    if not len(bad):
        return True
    share = len(bad) / (len(values) - values.null_count)
    numeric = count(matches(bad, "[0-9]")) / (len(values) - values.null_count)
    if numeric > with_digits:
        return False
    few: bool = share <= _BAD_WORD_SHARE or (share <= _BAD_WORD_ALONE_SHARE and pc.count_distinct(bad).as_py() == 1)
    return few
