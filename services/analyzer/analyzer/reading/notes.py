"""What a person should know about how a file was read: few sentences, however large the file."""

from typing import Final

MAX_EXAMPLES: Final = 5
"""Per sentence; the rest is counted."""

MAX_EXAMPLE_CHARACTERS: Final = 120


class Notes:
    """Collects remarks and groups those of one kind, like `Lines … were padded: 4, 9, 12 and 310 more.`"""

    def __init__(self) -> None:
        self._examples: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def say(self, sentence: str) -> None:
        """Add a remark that stands for itself; it ends with a full stop."""
        self._examples.setdefault(sentence, [])

    def add(self, head: str, example: str) -> None:
        """Count one more case of `head`, which reads well before a colon and a list of examples."""
        examples = self._examples.setdefault(head, [])
        self._counts[head] = self._counts.get(head, 0) + 1
        if len(examples) < MAX_EXAMPLES:
            examples.append(shorten(example))

    def sentences(self) -> tuple[str, ...]:
        """All remarks, in the order in which their kinds first came up."""
        return tuple(self._sentence(head, examples) for head, examples in self._examples.items())

    def _sentence(self, head: str, examples: list[str]) -> str:
        if not examples:
            return head
        more = self._counts[head] - len(examples)
        return f"{head}: {', '.join(examples)}{f' and {more} more' if more else ''}."


def shorten(text: str, limit: int = MAX_EXAMPLE_CHARACTERS) -> str:
    """`text` on one line of at most `limit` characters, without control characters."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 2 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quote(text: str) -> str:
    """`text` in quotation marks, shortened, for use inside a sentence."""
    return f'"{shorten(text, 40)}"'
