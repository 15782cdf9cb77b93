"""A table in few words: what a model is told of it, within a budget of characters however wide the table is."""

import json
from collections.abc import Iterator, Sequence

from analyzer.frames import ColumnKind, ColumnProfile, FrameProfile
from warren.contracts.analyzer import Cell

BUDGET_CHARACTERS = 12_000
"""About 4,000 tokens; a table of 40 columns fits with everything."""
SAMPLE_ROWS = 5
SAMPLE_VALUES = 12
CELL_CHARACTERS = 60
NAME_CHARACTERS = 200
NAME_OVERHEAD = 4
"""Quotes, comma and space around a name in a list."""


def describe(profile: FrameProfile, question: str, budget: int = BUDGET_CHARACTERS) -> str:
    """JSON lines: the table's size, its columns, its first rows; at most about `budget` characters.

    When not everything fits, columns that `question` names keep their details, others are listed by name and kind, and
    the rest are only counted.
    """
    lines = [to_json({"rows": profile.rows, "columns": len(profile.columns)})]
    lines += _columns(profile.columns, question, budget * 3 // 4)
    lines += _sample(profile, budget - sum(map(len, lines)))
    return "\n".join(lines)


def _columns(columns: Sequence[ColumnProfile], question: str, budget: int) -> Iterator[str]:
    """Half of the space is for names, what is left then for details, each by relevance."""
    left = budget // 2
    named = []
    for position in _by_relevance(columns, question):
        left -= len(_name(columns[position])) + NAME_OVERHEAD
        if left < 0:
            break
        named.append(position)
    left += budget - budget // 2
    detailed = {}
    for position in named:
        line = _details(columns[position])
        left -= len(line)
        if left < 0:
            break
        detailed[position] = line
    yield from (detailed[position] for position in sorted(detailed))
    plain: dict[ColumnKind, list[str]] = {}
    for position in sorted(set(named) - detailed.keys()):
        plain.setdefault(columns[position].kind, []).append(_name(columns[position]))
    yield from (to_json({"kind": kind, "names": names}) for kind, names in plain.items())
    if len(named) < len(columns):
        yield to_json({"columns_not_shown": len(columns) - len(named)})


def _by_relevance(columns: Sequence[ColumnProfile], question: str) -> list[int]:
    """Positions of the columns, those named in the question first."""
    asked = question.casefold()
    return sorted(range(len(columns)), key=lambda position: columns[position].name.casefold() not in asked)


def _details(column: ColumnProfile) -> str:
    details = {
        "name": _name(column),
        "kind": column.kind,
        "dtype": column.dtype,
        "missing": column.missing,
        "distinct": column.distinct,
        "min": _cut(column.minimum),
        "max": _cut(column.maximum),
        "step": column.step,
        "values": [_cut(value) for value in column.values[:SAMPLE_VALUES]],
    }
    return to_json({name: value for name, value in details.items() if value not in (None, [])})


def _sample(profile: FrameProfile, budget: int) -> Iterator[str]:
    for row in profile.head[:SAMPLE_ROWS]:
        line = to_json({"row": [_cut(cell) for cell in row]})
        budget -= len(line)
        if budget < 0:
            return
        yield line


def _name(column: ColumnProfile) -> str:
    return str(_cut(column.name, NAME_CHARACTERS))


def _cut(cell: Cell, limit: int = CELL_CHARACTERS) -> Cell:
    return cell[: limit - 1] + "…" if isinstance(cell, str) and len(cell) > limit else cell


def to_json(value: object) -> str:
    """JSON without `<`, so that no cell can close the tag that the table stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
