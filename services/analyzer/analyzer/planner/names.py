"""Readings of a question's words as names of the table: its columns and the values of its categories."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from analyzer.planner.candidates import Atoms, concept_spans, degree_of, noun_stems
from analyzer.planner.items import Item
from analyzer.planner.lexicon import Adjective, lexicon
from analyzer.planner.schema import Column, Schema
from analyzer.planner.text import Token, stems
from warren.contracts.analyzer import Cell

EXACT, STEM, SYNONYM, TYPO = 1.3, 1.2, 1.1, 0.75
LONG = 9
"""A word of so many letters may have two letters wrong, a shorter one only one."""
SHORT = 3
"""Values of so few letters ("ok", "US") only count as written in the table."""


@dataclass(frozen=True)
class _Match:
    """An atom says `parts` of a name, as a piece of the synonym from `start` to `end` or by itself."""

    parts: frozenset[int]
    quality: float
    start: int
    end: int


@dataclass(frozen=True)
class _Run:
    """Atoms `start` to `end` say a share (`coverage`) of a name: the `whole` of it, or at least its `head` noun."""

    start: int
    end: int
    coverage: float
    quality: float
    whole: bool
    head: bool


class NameFinder:
    """Finds columns and values in one question."""

    def __init__(self, tokens: Sequence[Token], schema: Schema) -> None:
        self.tokens = tokens
        self.schema = schema
        self.atoms = Atoms.of(tokens)
        self.words = lexicon()
        self.concepts = list(concept_spans(self.atoms))
        self.known = self._known_stems()

    def candidates(self) -> Iterator[Item]:
        """All readings as columns, values, and concepts the table may lack."""
        yield from self._columns()
        yield from self._values()
        for start, end, concept in self.concepts:
            weight = 0.5 * (end - start)
            yield self._item("concept", start, end, weight, concept=concept)

    # Columns

    def _columns(self) -> Iterator[Item]:
        found: dict[tuple[int, int], list[tuple[float, _Run, Column]]] = {}
        for column in self.schema.columns:
            for run in self._runs(column):
                if not run.whole and self._is_weak(run.start, run.end):
                    continue
                part = (0.65 if run.head else 0.55) + 0.3 * run.coverage
                each = run.quality if run.whole else part * min(run.quality, 1.0)
                found.setdefault((run.start, run.end), []).append((each, run, column))
        for (start, end), matches in found.items():
            best = max(each for each, _, _ in matches)
            chosen = [(run, column) for each, run, column in matches if each > best - 0.01]
            size = sum(1 for atom in range(start, end) if self._is_said(atom))
            yield self._item(
                "column",
                start,
                end,
                best * size + 0.2 * (size - 1),
                columns=tuple(column.name for _, column in chosen),
                guess=chosen[0][0].quality <= TYPO or len(chosen) > 1 or not chosen[0][0].head,
                whole=chosen[0][0].whole,
                head=chosen[0][0].head,
            )

    def _is_said(self, atom: int) -> bool:
        """Not a mere link between words: "of" counts in "type of disaster", which is one synonym."""
        inside = any(start < atom < end - 1 for start, end, _ in self.concepts)
        return inside or self.atoms.stems[atom] not in self.words.link

    def _runs(self, column: Column) -> Iterator[_Run]:
        """Stretches in which every atom says a part of the column's name."""
        for start, end in self._exact_runs(column):
            yield _Run(start, end, 1.0, EXACT, whole=True, head=True)
        matches = self._matches(column)
        main = {part for part, weight in enumerate(column.weights) if weight == 1.0}
        for start in matches:
            for end, said, quality in self._extensions(matches, start):
                if not self.atoms.whole(start, end):
                    continue
                coverage = sum(column.weights[part] for part in said) / sum(column.weights)
                yield _Run(start, end, coverage, quality, whole=main <= said, head=column.head in said)

    def _exact_runs(self, column: Column) -> Iterator[tuple[int, int]]:
        name = column.name.lower()
        for index, token in enumerate(self.tokens):
            if token.text.lower() == name and (token.kind == "quoted" or column.parts):
                span = [atom for atom, owner in enumerate(self.atoms.token) if owner == index]
                if span:
                    yield span[0], span[-1] + 1
        for start, end in self.atoms.windows(len(column.parts) + 2):
            joined = "".join(self.atoms.stems[start:end])
            if end - start != len(column.parts) and len(joined) > 4 and joined == "".join(column.parts):
                yield start, end

    def _extensions(self, matches: dict[int, _Match], start: int) -> Iterator[tuple[int, frozenset[int], float]]:
        """Ends of the stretches that begin at `start`, with the parts they say; synonyms are not cut."""
        said, quality, reach = matches[start].parts, matches[start].quality, matches[start].end
        if matches[start].start < start:
            return
        at = start + 1
        while True:
            if at >= reach:
                yield at, said, quality
            match = matches.get(at)
            gap = match is None and at < len(self.atoms.stems) and self.atoms.stems[at] in self.words.link
            if gap:
                at += 1
                match = matches.get(at)
            inside = at < reach
            if match is None or (not inside and (match.parts & said or match.start < at)):
                return
            said, quality, reach = said | match.parts, min(quality, match.quality), max(reach, match.end)
            at += 1

    def _matches(self, column: Column) -> dict[int, _Match]:
        found: dict[int, _Match] = {}
        for start, end, concept in self.concepts:
            if concept in column.concepts:
                for atom in range(start, end):
                    found[atom] = _Match(column.concepts[concept], SYNONYM, start, end)
        for atom, stem in enumerate(self.atoms.stems):
            same = frozenset(position for position, part in enumerate(column.parts) if part == stem)
            if same:
                found[atom] = _Match(frozenset([min(same)]), STEM, atom, atom + 1)
            elif atom not in found and stem not in self.known:
                alike = self._alike(stem, column.parts)
                if alike is not None:
                    found[atom] = _Match(frozenset([alike]), TYPO, atom, atom + 1)
        return found

    def _alike(self, stem: str, parts: Sequence[str]) -> int | None:
        if len(stem) < 5:
            return None
        reach = 1 if len(stem) < LONG else 2
        scored = [
            (OSA.distance(stem, part), position)
            for position, part in enumerate(parts)
            if len(part) >= 4 and part[0] == stem[0]
        ]
        best = min(scored, default=(reach + 1, 0))
        return best[1] if best[0] <= reach else None

    def _is_weak(self, start: int, end: int) -> bool:
        """A part of a name that is no name itself: "max", "number", "type"."""
        return all(
            stem in self.words.stop
            or any(concept in self.words.about.modifiers for concept in self.words.concepts.get((stem,), ()))
            or stem.isdigit()
            for stem in self.atoms.stems[start:end]
        )

    # Values

    def _values(self) -> Iterator[Item]:
        found: dict[tuple[int, int], list[tuple[float, str, Cell, bool]]] = {}
        for column in self.schema.columns:
            if column.is_text:
                for value in column.profile.values:
                    for start, end, weight, guess in self._said(str(value)):
                        if guess and column.is_open:
                            continue
                        found.setdefault((start, end), []).append((weight, column.name, value, guess))
        for (start, end), matches in found.items():
            best = max(weight for weight, *_ in matches)
            chosen = [match for match in matches if match[0] > best - 0.01]
            token = self.tokens[self.atoms.token[start]]
            degree = degree_of(token.text)
            superlative = Adjective((), "high", "superlative") if degree == "superlative" else None
            yield self._item(
                "value",
                start,
                end,
                best + (0.1 if superlative else 0.0),
                values=tuple((name, value) for _, name, value, _ in chosen),
                guess=chosen[0][3],
                whole=best >= 1.0 * (end - start),
                adjective=superlative,
            )

    def _said(self, value: str) -> Iterator[tuple[int, int, float, bool]]:
        """Stretches that say the value: start, end, weight, whether it is a guess."""
        parts = stems(value)
        concepts = self.words.concepts.get(parts, ())
        concepts += self.words.codes.get((value.lower(),), ())
        inside = {concept for part in parts for concept in self.words.concepts.get((part,), ())}
        for start, end, concept in self.concepts:
            if concept in self.words.about.values and concept in concepts:
                yield start, end, SYNONYM * (end - start), False
            elif concept in self.words.about.values and concept in inside:
                yield start, end, 0.7 * (end - start), True
        for start, end in self.atoms.windows(max(len(parts), 1)):
            weight, guess = self._value_weight(value, parts, start, end)
            if weight > 0:
                yield start, end, weight, guess

    def _value_weight(self, value: str, parts: Sequence[str], start: int, end: int) -> tuple[float, bool]:
        said = self.atoms.stems[start:end]
        size = end - start
        token = self.tokens[self.atoms.token[start]]
        one_token = self.atoms.token[start] == self.atoms.token[end - 1]
        if one_token and token.text == value:
            return (2.0 if token.kind == "quoted" else EXACT) * size, False
        if len(value) <= SHORT:
            return 0.0, False
        if said == tuple(parts):
            return (STEM * size, False) if not self._is_common(said) else (0.0, False)
        if size == len(parts) == 1:
            return self._one_word(said[0], token, parts[0])
        return self._part_of_value(said, parts)

    def _one_word(self, stem: str, token: Token, part: str) -> tuple[float, bool]:
        if part in noun_stems(stem, token.text) or part in {base + "i" for base in noun_stems(stem, token.text)}:
            return SYNONYM, False
        if stem not in self.known and self._alike(stem, [part]) is not None:
            return TYPO, True
        return 0.0, False

    def _part_of_value(self, said: Sequence[str], parts: Sequence[str]) -> tuple[float, bool]:
        size = len(said)
        if size >= len(parts) or all(stem in self.words.stop or len(stem) < 4 for stem in said):
            return 0.0, False
        inside = any(tuple(parts[at : at + size]) == tuple(said) for at in range(len(parts) - size + 1))
        return (0.7 * size, True) if inside and not self._is_common(said) else (0.0, False)

    def _is_common(self, said: Sequence[str]) -> bool:
        """Everyday words ("all", "no", "total") are values only when written exactly so."""
        return all(stem in self.words.stop for stem in said) or (len(said) == 1 and (said[0],) in self.words.cues)

    def _known_stems(self) -> frozenset[str]:
        """Words with a meaning of their own are no misspellings of something else."""
        named = {part for column in self.schema.columns for part in column.parts}
        valued = {
            part
            for column in self.schema.columns
            if column.is_text
            for value in column.profile.values
            for part in stems(str(value))
        }
        return self.words.known | named | valued

    def _item(self, kind: str, start: int, end: int, weight: float, **fields: object) -> Item:
        first, last = self.atoms.token[start], self.atoms.token[end - 1] + 1
        text = " ".join(token.text for token in self.tokens[first:last])
        name = self.tokens[first].is_name
        return Item(kind, first, last, weight, text, is_name=name, **fields)  # type: ignore[arg-type]
