"""What a person should know about how a file was read: few sentences, however large the file."""

from dataclasses import dataclass, field
from typing import Final

from analyzer.frames import Remark
from analyzer.reading import remarks

MAX_EXAMPLES: Final = 5
"""Per sentence; the rest is counted."""

MAX_EXAMPLE_CHARACTERS: Final = 120


class Notes:
    """Collects remarks and groups those of one kind, like `Lines … were padded: 4, 9, 12 and 310 more.`"""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def say(self, sentence: Remark, **values: object) -> None:
        """Add a remark that stands for itself; it ends with a full stop."""
        self._kind(sentence.filled(**values))

    def add(self, head: Remark, example: Remark, **values: object) -> None:
        """Count one more case of `head`, which reads well before a colon and a list of examples.

        The `values` are filled into the example.
        """
        kind = self._kind(head)
        kind.count += 1
        if len(kind.examples) < MAX_EXAMPLES:
            kind.examples.append(example.filled(**values))

    def sentences(self) -> tuple[Remark, ...]:
        """All remarks, in the order in which their kinds first came up."""
        return tuple(kind.sentence() for kind in self._kinds.values())

    def _kind(self, head: Remark) -> "_Kind":
        if head.en not in self._kinds:
            self._kinds[head.en] = _Kind(head)
        return self._kinds[head.en]


@dataclass
class _Kind:
    head: Remark
    examples: list[Remark] = field(default_factory=list)
    count: int = 0

    def sentence(self) -> Remark:
        if not self.examples:
            return self.head
        left = self.count - len(self.examples)
        more = remarks.MORE.filled(count=left) if left else Remark(en="", ru="")
        english = ", ".join(shorten(example.en) for example in self.examples)
        russian = ", ".join(shorten(example.ru) for example in self.examples)
        return Remark(en=f"{self.head.en}: {english}{more.en}.", ru=f"{self.head.ru}: {russian}{more.ru}.")


def shorten(text: str, limit: int = MAX_EXAMPLE_CHARACTERS) -> str:
    """`text` on one line of at most `limit` characters, without control characters."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 2 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quote(text: str) -> str:
    """`text` in quotation marks, shortened, for use inside a sentence."""
    return f'"{shorten(text, 40)}"'
