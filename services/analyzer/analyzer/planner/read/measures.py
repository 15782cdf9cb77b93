"""What is computed: columns paired with aggregations, in the order they are said."""

from dataclasses import dataclass, field

from analyzer.planner.errors import Unanswerable
from analyzer.planner.items import Item
from analyzer.planner.lexicon import Adjective
from analyzer.planner.query import Aggregation, End, Measure
from analyzer.planner.read.comparisons import pick
from analyzer.planner.read.state import Reading
from analyzer.planner.text import stems

_AGGREGATIONS: dict[str, Aggregation] = {
    "mean": "mean", "median": "median", "sum": "sum", "std": "std", "var": "var", "range": "range", "mode": "mode",
    "percentile": "percentile",
}  # fmt: skip
_EXTREMES: dict[str, tuple[End, Aggregation]] = {"high": ("high", "max"), "low": ("low", "min")}
MAX_TIED = 3
"""As many columns that fit the same words equally are answered together."""


def _is_comparative(item: Item) -> bool:
    return item.adjective is not None and item.adjective.degree == "comparative"


@dataclass
class Measures:
    """What the measure pass found."""

    measures: list[Measure] = field(default_factory=list)
    loose: list[Aggregation] = field(default_factory=list)
    """Aggregations said of no column."""
    end: End | None = None
    extreme: End | None = None
    """The end of the scale any word says, also where it is a maximum or minimum."""
    superlative: bool = False
    """An adjective picks single things: "heaviest"."""
    selector: str | None = None
    """The column of that adjective."""
    quality: str | None = None
    percent: float | None = None
    counting: bool = False


class MeasurePass:
    """Walks over the question once. An aggregation belongs to the columns after it, else to those before it."""

    def __init__(self, reading: Reading, *, ranking: bool) -> None:
        self.reading = reading
        self.ranking = ranking
        """Whether the first "highest" picks among things instead of being a maximum."""
        self.found = Measures()
        self._pending: list[Aggregation] = []
        self._applied: list[Aggregation] = []

    def run(self) -> Measures:
        self._ends()
        for position in list(self.reading.positions("cue", "column", "adjective")):
            if position in self.reading.used:
                continue
            item = self.reading.items[position]
            if item.kind == "adjective":
                self._adjective(position, item)
            elif item.kind == "column":
                self._column(position, item)
            elif item.has("aggregation"):
                self._aggregation(position, item)
            elif item.has("extreme", "high", "low"):
                self.reading.take(position)
                self._say(_EXTREMES[item.cue("extreme") or "high"][1])
        self._postposed()
        return self.found

    # Ends of the scale

    def _ends(self) -> None:
        for position in list(self.reading.cues("extreme")):
            item = self.reading.items[position]
            ends = _EXTREMES.get(item.cue("extreme") or "")
            self.found.extreme = self.found.extreme or (ends[0] if ends else None)
            if item.has("extreme", "best", "worst"):
                self.found.quality = item.cue("extreme")
                self.reading.take(position)
            elif (self.ranking or self._has_adjective(position)) and self.found.end is None:
                self.found.end = _EXTREMES[item.cue("extreme") or "high"][0]
                self._adjective_after(position)
                self.reading.take(position)
        for position in self.reading.positions("adjective"):
            adjective = self.reading.items[position].adjective
            if adjective is not None and adjective.degree == "superlative":
                if self.found.end not in (None, adjective.end):
                    self.reading.warnings.append("one_end")
                    continue
                self.found.end = adjective.end
                self.found.superlative = True

    def _has_adjective(self, position: int) -> bool:
        at = self.reading.beside(position, 1)
        return at is not None and self.reading.items[at].kind == "adjective"

    def _adjective_after(self, position: int) -> None:
        """ "самый холодный", "least expensive": a low adjective turns the scale around."""
        at = self.reading.beside(position, 1)
        item = self.reading.items[at] if at is not None else None
        if item is not None and item.adjective is not None and item.adjective.end == "low":
            self.found.end = "low" if self.found.end == "high" else "high"

    def _adjective(self, position: int, item: Item) -> None:
        adjective = item.adjective
        before = self.reading.beside(position, -1)
        after_extreme = before is not None and self.reading.items[before].has("extreme")
        if adjective is None:
            return
        if adjective.degree != "superlative" and not after_extreme:
            self._compare_by(adjective, position)
            return
        self.found.superlative = True
        self.reading.take(position)
        if adjective.concepts:
            self.found.selector = self.column_for(adjective, item.text)
            self._add(self.found.selector)

    def _compare_by(self, adjective: Adjective, position: int) -> None:
        """ "is A more expensive than B", "are richer countries healthier": the adjective names a number."""
        several = sum(1 for item in self.reading.items if _is_comparative(item)) > 1
        moving = any(item.has("task", "trend", "change") for item in self.reading.items)
        compared = self.reading.soft_keys or several or moving
        if compared and self.reading.schema.with_concept(*adjective.concepts):
            self.reading.take(position)
            self._add(self.column_for(adjective, self.reading.items[position].text))

    def column_for(self, adjective: Adjective, text: str) -> str:
        """The column an adjective is about. Raises `Unanswerable` if the table has none."""
        columns = {column.name: column for column in self.reading.schema.with_concept(*adjective.concepts)}
        columns = {name: column for name, column in columns.items() if column.is_measure}
        if not columns:
            raise Unanswerable("nothing_called", word=text)
        return pick(tuple(columns), adjective.end, columns)

    # Columns and aggregations

    def _sibling(self, position: int, name: str, inner: Aggregation | None) -> str | None:
        """ "highest and lowest temperature" read as temp_min after "highest": the other column is meant as well."""
        before = self.reading.beside(position, -1)
        joined = before is not None and self.reading.items[before].has("join", "and")
        opposite: Aggregation = "min" if inner == "max" else "max"
        if inner is None or not joined or self._pending[-1:] != [opposite]:
            return None
        about = self.reading.words.about
        shared = {concept for concept in self.reading.schema[name].concepts if about.is_measure(concept)}
        siblings = {
            column.name: column
            for concept in shared
            for column in self.reading.schema.with_concept(concept)
            if column.name != name and column.is_measure
        }
        return pick(tuple(siblings), "high" if opposite == "max" else "low", siblings) if siblings else None

    def _aggregation(self, position: int, item: Item) -> None:
        name = item.cue("aggregation") or "mean"
        self.reading.take(position)
        if name == "count":
            self.found.counting = True
        elif name in ("describe", "quartiles"):
            self._pending += ["mean", "median", "min", "max", "std"]
        else:
            if name == "percentile":
                self._percent(position)
            self._say(_AGGREGATIONS[name])

    def _say(self, aggregation: Aggregation) -> None:
        if not self._pending:
            self._applied = []
        if aggregation not in self._pending:
            self._pending.append(aggregation)

    def _percent(self, position: int) -> None:
        for step in (-1, 1):
            at = self.reading.beside(position, step)
            if at is not None and self.reading.items[at].kind == "number":
                number = self.reading.items[at].number or 0.0
                if not 0 <= number <= 100:
                    continue
                self.reading.take(at)
                self.found.percent = number * 100 if 0 < number < 1 else number

    def _column(self, position: int, item: Item) -> None:
        numeric = [name for name in item.columns if self.reading.schema[name].is_measure]
        if not numeric:
            return
        self.reading.take(position)
        if len(numeric) > 1:
            numeric = self._tied(item, numeric)
        inner = self._inner(position)
        if inner and self.ranking and self.found.end is None:
            self.found.end = "high" if inner == "max" else "low"
        sibling = self._sibling(position, numeric[0], inner)
        if sibling is not None:
            self._add(sibling)
            self._applied = [inner] if inner else []
        for name in numeric:
            self._add(name, inner)
        if item.guess:
            self.reading.warnings.append(f"column|{item.text}|{', '.join(numeric)}")

    def _tied(self, item: Item, names: list[str]) -> list[str]:
        """ "the highest temperature" of temp_max and temp_min is temp_max; with no end asked for, both are answered."""
        end = self.found.end or next(
            (_EXTREMES[cue][0] for cue in self._said_extremes() if cue in _EXTREMES),
            None,
        )
        columns = {name: self.reading.schema[name] for name in names}
        if end is not None:
            return [pick(tuple(names), end, columns)]
        return names[:MAX_TIED] if not item.whole else names[:1]

    def _said_extremes(self) -> list[str]:
        return [item.cue("extreme") or "" for item in self.reading.items if item.has("extreme")]

    def _inner(self, position: int) -> Aggregation | None:
        """ "max temp" read as temp_max still asks for a maximum if nothing else is asked."""
        words = stems(self.reading.items[position].text)
        for length in range(len(words) - 1, 0, -1):
            for cue in self.reading.words.cues.get(words[:length], ()):
                if cue.kind == "extreme" and cue.name in _EXTREMES:
                    return _EXTREMES[cue.name][1]
        return None

    def _add(self, name: str, inner: Aggregation | None = None) -> None:
        if self._pending:
            self._applied, self._pending = self._pending, []
        wanted = self._applied or ([inner] if inner and not self.ranking else [])
        new = [Measure(name, aggregation) for aggregation in wanted] or [Measure(name)]
        known = {(measure.column, measure.aggregation) for measure in self.found.measures}
        bare = (name, None) in known and new == [Measure(name)]
        if not bare and not (new == [Measure(name)] and any(column == name for column, _ in known)):
            self.found.measures += [measure for measure in new if (name, measure.aggregation) not in known]

    def _postposed(self) -> None:
        """ "price: mean and median": aggregations with nothing after them belong to the columns before."""
        if not self._pending:
            return
        bare = [measure for measure in self.found.measures if measure.aggregation is None]
        if not bare:
            self.found.loose = self._pending
            return
        kept = [measure for measure in self.found.measures if measure.aggregation is not None]
        self.found.measures = kept + [
            Measure(measure.column, aggregation) for measure in bare for aggregation in self._pending
        ]
