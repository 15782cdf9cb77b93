"""The items of a question while they are read: what is left, and what stands beside what."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.planner.errors import Unanswerable
from analyzer.planner.items import Item
from analyzer.planner.lexicon import Lexicon, lexicon
from analyzer.planner.query import Filter, Key
from analyzer.planner.schema import Column, Schema
from analyzer.planner.text import stem

SILENT = ("stop", "symbol")


@dataclass
class Reading:
    """Each pass takes the items it understands and leaves the others to the next."""

    items: tuple[Item, ...]
    schema: Schema
    filters: list[Filter] = field(default_factory=list)
    soft_keys: list[Key] = field(default_factory=list)
    """Columns of which several values were named: "AAPL and MSFT" is answered for each."""
    warnings: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    """Positions of the items already understood."""

    @property
    def words(self) -> Lexicon:
        return lexicon()

    def positions(self, *kinds: str) -> Iterator[int]:
        """Items of these kinds that are still free."""
        for position, item in enumerate(self.items):
            if item.kind in kinds and position not in self.used:
                yield position

    def cues(self, kind: str, *names: str) -> Iterator[int]:
        """Free cues of this kind (and names)."""
        for position in self.positions("cue"):
            if self.items[position].has(kind, *names):
                yield position

    def beside(self, position: int, step: int, *, loud: bool = True) -> int | None:
        """The nearest item to the left (-1) or right (1), past words without content if `loud`."""
        at = position + step
        while 0 <= at < len(self.items):
            if not loud or self.items[at].kind not in SILENT:
                return at
            at += step
        return None

    def path(self, position: int, step: int) -> Iterator[int]:
        """All items with content from here outwards, nearest first."""
        at = self.beside(position, step)
        while at is not None:
            yield at
            at = self.beside(at, step)

    def word_before(self, position: int) -> str:
        """Stem of the word right before an item."""
        at = position - 1
        while at >= 0 and self.items[at].kind == "symbol" and self.items[at].text == ",":
            at -= 1
        return stem(self.items[at].text.split()[-1]) if at >= 0 and self.items[at].text else ""

    def between(self, left: int, right: int) -> Iterator[Item]:
        """Items strictly between two positions."""
        yield from self.items[left + 1 : right]

    def column(self, position: int) -> Column | None:
        """The column an item names, the first if it fits several."""
        item = self.items[position]
        return self.schema[item.columns[0]] if item.kind == "column" else None

    def is_negated(self, position: int) -> bool:
        """Whether "without", "except", "not" stands right before (past plain words)."""
        at = self.beside(position, -1)
        return at is not None and self.items[at].has("negation")

    def need_time(self, date_only: bool = False) -> Column:
        """The table's time column; raises `Unanswerable` if it has none."""
        time = self.schema.time
        if time is None or (date_only and not time.is_date):
            raise Unanswerable("no_dates")
        return time

    def take(self, *positions: int | None) -> None:
        self.used.update(position for position in positions if position is not None)
