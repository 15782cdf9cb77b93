"""All readings of all stretches of a question; `annotate` picks among them.

Weights are per token, so a reading that explains more words wins: an exact name 1.3, the stems of a name 1.2, a synonym
1.1, an operation word 1.0, part of a name 0.55–0.85, a synonym the table lacks 0.5, a word without content 0.3.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.planner.dates import find_dates
from analyzer.planner.items import Item
from analyzer.planner.lexicon import Adjective, Degree, Lexicon, lexicon
from analyzer.planner.schema import Schema
from analyzer.planner.text import Token, is_cyrillic

MAX_PHRASE = 7
SHORT_SCALE = 2
"""Letters of "k" and "bn", which are no numbers by themselves, as "a million" is."""
_SCALED = re.compile(r"(\d+(?:[.,]\d+)?)([^\W\d_]+)")


@dataclass(frozen=True)
class Atoms:
    """The stems of a question in one row; `token[i]` is the token that atom i belongs to."""

    stems: tuple[str, ...]
    token: tuple[int, ...]

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> "Atoms":
        pairs = [
            (part, index)
            for index, token in enumerate(tokens)
            if token.kind != "symbol"
            for part in (token.parts or (token.stem,))
        ]
        return cls(tuple(part for part, _ in pairs), tuple(index for _, index in pairs))

    def whole(self, start: int, end: int) -> bool:
        """Whether atoms `start` to `end` (exclusive) cut no token in two."""
        before = start == 0 or self.token[start - 1] != self.token[start]
        after = end == len(self.token) or self.token[end - 1] != self.token[end]
        return before and after

    def windows(self, longest: int) -> Iterator[tuple[int, int]]:
        for start in range(len(self.stems)):
            for end in range(start + 1, min(start + longest, len(self.stems)) + 1):
                if self.whole(start, end):
                    yield start, end


def word_candidates(tokens: Sequence[Token], schema: Schema) -> Iterator[Item]:
    """Readings that do not depend on the table's names: operations, numbers, dates, adjectives, plain words."""
    words = lexicon()
    yield from _phrases(tokens, words)
    yield from _numbers(tokens, words)
    yield from _dates(tokens, schema)
    for index, token in enumerate(tokens):
        if token.kind == "symbol":
            yield Item("symbol", index, index + 1, 0.1, token.text)
        elif token.kind == "word":
            yield from _single(index, token, words)
            following = tokens[index + 1].text.lower() if index + 1 < len(tokens) else ""
            adjective = _adjective(token, words)
            if adjective is not None and following in words.superlative_after:
                text = _text(tokens, index, index + 2)
                most = replace(adjective, degree="superlative")
                yield Item("adjective", index, index + 2, 2.6, text, adjective=most)


def concept_spans(atoms: Atoms) -> Iterator[tuple[int, int, str]]:
    """Atoms `start` to `end` say this concept."""
    known = lexicon().concepts
    for start, end in atoms.windows(MAX_PHRASE):
        for concept in known.get(atoms.stems[start:end], ()):
            yield start, end, concept


def noun_stems(stem: str, text: str) -> frozenset[str]:
    """Stems of the nouns an English adjective may come from: windiest → wind, sunny → sun, foggy → fog."""
    return frozenset(base for base, _ in _bases(text)) | {stem}


def degree_of(text: str) -> Degree | None:
    """ "windiest" is a superlative, "windier" a comparative, "windy" positive by its ending."""
    return next((degree for _, degree in _bases(text)), None)


def _bases(text: str) -> Iterator[tuple[str, Degree]]:
    plain = text.lower()
    degrees: tuple[Degree, ...] = ("superlative", "comparative", "positive")
    for degree in degrees:
        for suffix in lexicon().suffixes[degree]:
            base = plain.removesuffix(suffix)
            if base == plain or len(base) < 3:
                continue
            yield base, degree
            if base[-1] == base[-2]:
                yield base[:-1], degree
            yield base + "y", degree
            yield base + "e", degree


def _phrases(tokens: Sequence[Token], words: Lexicon) -> Iterator[Item]:
    """Operation words, symbols among them (">=")."""
    flat = [(part, index) for index, token in enumerate(tokens) for part in token.parts or (token.stem,)]
    for start in range(len(flat)):
        for end in range(start + 1, min(start + MAX_PHRASE, len(flat)) + 1):
            cues = words.cues.get(tuple(part for part, _ in flat[start:end]))
            first, last = flat[start][1], flat[end - 1][1] + 1
            if cues and all(token.kind != "quoted" for token in tokens[first:last]):
                if any(cue.kind == "compare" for cue in cues) and not _is_number_next(tokens, last, words):
                    cues = tuple(cue for cue in cues if cue.kind != "compare")
                cues = tuple(cue for cue in cues if cue.exact in (None, _text(tokens, first, last).lower()))
                if not cues:
                    continue
                weight = 1.0 * (last - first) + 0.3 * (last - first - 1)
                yield Item("cue", first, last, weight, _text(tokens, first, last), cues=cues)


def _is_number_next(tokens: Sequence[Token], at: int, words: Lexicon) -> bool:
    """A comparison needs something to compare with: a number, a date or "average", after at most two plain words."""
    while at < len(tokens) and tokens[at].stem in words.stop and tokens[at].stem not in words.numbers:
        at += 1
    if at >= len(tokens):
        return False
    token = tokens[at]
    number, _ = _number(token, words)
    return (
        number is not None
        or token.kind == "date"
        or (token.stem,) in words.average
        or token.text.lower() in words.months
        or token.stem in words.months
    )


def _numbers(tokens: Sequence[Token], words: Lexicon) -> Iterator[Item]:
    for index, token in enumerate(tokens):
        number, weight = _number(token, words)
        if number is None:
            continue
        yield Item("number", index, index + 1, weight, token.text, number=number)
        following = tokens[index + 1].stem if index + 1 < len(tokens) else ""
        if following in words.scales:
            scaled = number * words.scales[following]
            yield Item("number", index, index + 2, weight + 1, _text(tokens, index, index + 2), number=scaled)


def _number(token: Token, words: Lexicon) -> tuple[float | None, float]:
    if token.number is not None:
        return token.number, 1.0
    if token.stem in words.numbers:
        return words.numbers[token.stem], 0.8
    if token.stem in words.scales and len(token.text) > SHORT_SCALE:
        return words.scales[token.stem], 0.8
    found = _SCALED.fullmatch(token.text.lower()) if token.kind == "word" else None
    if found:
        number = float(found[1].replace(",", "."))
        if found[2] in words.scales:
            return number * words.scales[found[2]], 1.0
        if found[2] in words.ordinal_suffixes:
            return number, 0.9
    percentile = re.fullmatch(r"p(\d{1,2})", token.text.lower())
    return (float(percentile[1]), 0.9) if percentile else (None, 0.0)


def _dates(tokens: Sequence[Token], schema: Schema) -> Iterator[Item]:
    for span in find_dates(tokens, _years(schema)):
        vague = lexicon().ambiguous & {token.text.lower() for token in tokens[span.start : span.end]}
        weight = (1.15 if span.sure else 0.9) * (span.end - span.start) + 0.05 * (span.end - span.start - 1)
        if vague and span.end - span.start == 1 and not tokens[span.start].is_name:
            weight = 0.35
        yield Item("date", span.start, span.end, weight, _text(tokens, span.start, span.end), when=span.when)


def _years(schema: Schema) -> tuple[int, int] | None:
    time = schema.time
    if time is None:
        return None
    low, high = str(time.profile.minimum)[:4], str(time.profile.maximum)[:4]
    return (int(low), int(high)) if low.isdigit() and high.isdigit() else None


def _single(index: int, token: Token, words: Lexicon) -> Iterator[Item]:
    adjective = _adjective(token, words)
    if adjective is not None:
        weight = 1.25 if adjective.degree != "positive" else 0.45 if is_cyrillic(token.text) else 0.6
        yield Item("adjective", index, index + 1, weight, token.text, adjective=adjective)
    if token.stem in words.stop or (token.stem,) in words.dates:
        yield Item("stop", index, index + 1, 0.3, token.text)
    yield Item("unknown", index, index + 1, 0.0, token.text, is_name=token.is_name)


def _adjective(token: Token, words: Lexicon) -> Adjective | None:
    plain = token.text.lower().replace("ё", "е")
    adjective = words.adjectives.get(plain) or (words.adjectives.get(token.stem) if is_cyrillic(plain) else None)
    if adjective is not None and any(mark in plain for mark in words.superlative_inside):
        return replace(adjective, degree="superlative")
    return adjective


def _text(tokens: Sequence[Token], start: int, end: int) -> str:
    return " ".join(token.text for token in tokens[start:end])
