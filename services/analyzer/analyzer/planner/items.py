"""What a stretch of a question may mean."""

from dataclasses import dataclass
from typing import Literal

from analyzer.planner.dates import When
from analyzer.planner.lexicon import Adjective, Cue
from warren.contracts.analyzer import Cell

ItemKind = Literal["column", "value", "cue", "adjective", "number", "date", "concept", "stop", "symbol", "unknown"]


@dataclass(frozen=True, slots=True)
class Item:
    """Tokens `start` to `end` (exclusive) with one meaning; `weight` is how much that reading explains."""

    kind: ItemKind
    start: int
    end: int
    weight: float = 0.0
    text: str = ""
    columns: tuple[str, ...] = ()
    """More than one when the words fit several columns equally."""
    values: tuple[tuple[str, Cell], ...] = ()
    """Column and value; several when the words are part of several values."""
    cues: tuple[Cue, ...] = ()
    adjective: Adjective | None = None
    concept: str = ""
    number: float | None = None
    when: When | None = None
    guess: bool = False
    """A misspelling or a part of a name was taken for it: worth a warning."""
    head: bool = True
    """The words say at least the noun of the column's name: "price" of "sale price", not "flight" of "flight date"."""
    whole: bool = False
    """The words are the whole name, not a part of it."""
    is_name: bool = False
    """Written like a proper name: quoted, capitalised or in capitals."""

    def cue(self, kind: str) -> str | None:
        """Name of its cue of this kind."""
        return next((cue.name for cue in self.cues if cue.kind == kind), None)

    def has(self, kind: str, *names: str) -> bool:
        """Whether it is a cue of this kind (and, if given, one of these names)."""
        return any(cue.kind == kind and (not names or cue.name in names) for cue in self.cues)
