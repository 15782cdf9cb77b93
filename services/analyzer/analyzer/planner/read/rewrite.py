"""Readings that only the words around can decide, settled before anything else is read."""

import itertools
from dataclasses import replace

from analyzer.planner.candidates import degree_of
from analyzer.planner.items import Item
from analyzer.planner.lexicon import Adjective, lexicon
from analyzer.planner.schema import Schema
from analyzer.planner.text import stem

SILENT = ("stop", "symbol")


def rewrite(items: tuple[Item, ...], schema: Schema) -> tuple[Item, ...]:
    """The same items, some with another meaning."""
    return _narrowed(_with_amounts(_with_adjectives(_without_columns(items), schema), schema))


def _without_columns(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """ "column a", "the price column": beside a column's name the word asks for nothing."""
    named = {at for at, item in enumerate(items) if item.kind == "column"}
    return tuple(
        Item("stop", item.start, item.end, item.weight, item.text)
        if item.has("task", "columns") and item.end - item.start == 1 and {at - 1, at + 1} & named
        else item
        for at, item in enumerate(items)
    )


def _narrowed(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """ "the score in math": of the scores the word fits, the one that is named elsewhere."""
    certain = {item.columns[0] for item in items if item.kind == "column" and len(item.columns) == 1}
    changed = list(items)
    for position, item in enumerate(items):
        named = tuple(name for name in item.columns if name in certain)
        if len(item.columns) > 1 and len(named) == 1:
            changed[position] = replace(item, columns=named, guess=False)
    return tuple(changed)


def _with_adjectives(items: tuple[Item, ...], schema: Schema) -> tuple[Item, ...]:
    """ "самый дождливый месяц": after a superlative a word that is a value too is read as an adjective.

    "The most rainy days" of a year stays a value: those days are counted.
    """
    changed = list(items)
    named = sum(1 for item in items if item.has("unit") or item.kind == "column")
    for before, position in itertools.pairwise(_loud(items)):
        item = items[position]
        adjective = _adjective(item.text) if item.kind == "value" else None
        if adjective is None or not items[before].has("extreme", "high") or named > 1:
            continue
        if schema.with_concept(*adjective.concepts):
            changed[position] = Item("adjective", item.start, item.end, item.weight, item.text, adjective=adjective)
    return tuple(changed)


def _with_amounts(items: tuple[Item, ...], schema: Schema) -> tuple[Item, ...]:
    """ "the most rain", "how much snow": the noun means the amount, not the days that say so."""
    changed = list(items)
    for position, item in enumerate(items):
        if item.kind != "value" or not position or not _asks_amount(items, position):
            continue
        for concept in lexicon().concepts.get((stem(item.text),), ()):
            columns = schema.with_concept(lexicon().about.amounts.get(concept, ""))
            if columns and _adjective(item.text) is None and degree_of(item.text) is None:
                changed[position] = replace(item, kind="column", columns=(columns[0].name,), values=(), whole=True)
    return tuple(changed)


def _asks_amount(items: tuple[Item, ...], position: int) -> bool:
    before = items[position - 1]
    much = before.kind == "stop" and stem(before.text.split()[-1]) in lexicon().much
    return before.has("extreme") or much


def _adjective(text: str) -> Adjective | None:
    known = lexicon().adjectives
    return known.get(text.lower()) or known.get(stem(text))


def _loud(items: tuple[Item, ...]) -> list[int]:
    return [position for position, item in enumerate(items) if item.kind not in SILENT]


def looks_like_total(value: object) -> bool:
    """ "All natural disasters", "Итого": a row of such a value sums up the others."""
    first = str(value).lower().split()[:1]
    return bool(first) and first[0] in lexicon().total_rows
