"""From a question to the sequence of readings that explains it best."""

from analyzer.planner.candidates import word_candidates
from analyzer.planner.items import Item
from analyzer.planner.names import NameFinder
from analyzer.planner.schema import Schema
from analyzer.planner.text import tokenize

MAX_TOKENS = 200
"""A question is not longer; what comes after is not read."""


def annotate(question: str, schema: Schema) -> tuple[Item, ...]:
    """Items that cover the question without overlap, with the greatest total weight."""
    tokens = tokenize(question)[:MAX_TOKENS]
    ending: dict[int, list[Item]] = {}
    for item in (*NameFinder(tokens, schema).candidates(), *word_candidates(tokens, schema)):
        ending.setdefault(item.end, []).append(item)
    best: list[tuple[float, Item | None]] = [(0.0, None)]
    for end in range(1, len(tokens) + 1):
        nothing = Item("unknown", end - 1, end, text=tokens[end - 1].text, is_name=tokens[end - 1].is_name)
        options = [(best[item.start][0] + item.weight, item) for item in (*ending.get(end, ()), nothing)]
        best.append(max(options, key=lambda option: option[0]))
    chosen: list[Item] = []
    at = len(tokens)
    while at > 0:
        _, last = best[at]
        if last is None:
            break
        chosen.append(last)
        at = last.start
    return tuple(reversed(chosen))
