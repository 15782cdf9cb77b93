"""Lines of Python, and text that is safe to put between its quotes."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_PLACE = re.compile(r"\{(\w+)\}")
INDENT = "    "
WIDTH = 100

HELPERS = {
    "number": '''def number(value):
    """A number as people write it: 1461, 16.44, 8.554, 0.0021."""
    if pd.isna(value):
        return "–"
    if 0 < abs(value) < 0.1:
        return f"{value:.3g}"
    return f"{value:.{2 if abs(value) >= 10 else 3}f}".rstrip("0").rstrip(".")
''',
    "listing": '''def listing(parts, most=12, count=None):
    """The first parts in one line, and how many (of `count`) were left out."""
    parts = list(parts)
    left = (count or len(parts)) - most
    return "; ".join(parts[:most] + ([MORE] if left > 0 else []))
''',
}
"""Functions that generated code may start with."""


@dataclass(frozen=True)
class Code:
    """A Python expression to be computed where a text is filled in. It must not hold quotes or backslashes (3.11)."""

    expression: str


def quote(text: object) -> str:
    """A Python literal: text in double quotes, numbers and booleans as they are."""
    return json.dumps(text, ensure_ascii=False) if isinstance(text, str) else repr(text)


def names(values: Iterable[str]) -> str:
    """A Python list of texts."""
    return "[" + ", ".join(quote(value) for value in values) + "]"


def text(template: str, **values: "str | int | Code") -> str:
    """A Python string literal, an f-string if anything in it is computed."""
    dynamic = any(isinstance(value, Code) for value in values.values())
    parts: list[str] = []
    end = 0
    for found in _PLACE.finditer(template):
        parts.append(_escape(template[end : found.start()], braces=dynamic))
        value = values[found[1]]
        parts.append(f"{{{value.expression}}}" if isinstance(value, Code) else _escape(str(value), braces=dynamic))
        end = found.end()
    parts.append(_escape(template[end:], braces=dynamic))
    return ("f" if dynamic else "") + '"' + "".join(parts) + '"'


def pieces(template: str, **values: "str | int | Code") -> list[str]:
    """The text in pieces that fit a line, each a string literal; put beside each other they are one."""
    dynamic = any(isinstance(value, Code) for value in values.values())
    words: list[str] = [""]
    end = 0
    for found in (*_PLACE.finditer(template), None):
        plain = template[end : found.start()] if found else template[end:]
        if found and not isinstance(values[found[1]], Code):
            plain += str(values[found[1]])
        escaped = _escape(plain, braces=dynamic)
        words[-1] += escaped.split(" ")[0]
        words += escaped.split(" ")[1:]
        if found:
            value = values[found[1]]
            words[-1] += f"{{{value.expression}}}" if isinstance(value, Code) else ""
            end = found.end()
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > WIDTH - 10:
            lines.append("")
        lines[-1] += word + " "
    lines[-1] = lines[-1][:-1]
    return [f'{"f" if dynamic else ""}"{line}"' for line in lines]


def fill(template: str, **values: object) -> str:
    """The template with its places filled, as plain text."""
    return _PLACE.sub(lambda found: str(values[found[1]]), template)


def capital(sentence: str) -> str:
    """With a capital first letter, unless the sentence begins with a name in other spelling ("temp_max")."""
    first = sentence.split(" ", 1)[0]
    return sentence if "_" in first or "{" in first else sentence[:1].upper() + sentence[1:]


def _escape(plain: str, *, braces: bool) -> str:
    escaped = json.dumps(plain, ensure_ascii=False)[1:-1]
    return escaped.replace("{", "{{").replace("}", "}}") if braces else escaped


@dataclass
class Script:
    """Code that grows line by line. `columns` collects the names it reads."""

    lines: list[str] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    depth: int = 0
    more: str = ""
    """What `listing` says of parts left out, as a Python literal that uses `left`."""

    def add(self, *lines: str) -> None:
        """Lines at the current depth; an empty one stays empty."""
        for line in lines:
            self.lines += [INDENT * self.depth + part if part else "" for part in line.split("\n")]

    def assign(self, name: str, *parts: str) -> None:
        """`name = "…"`, in parentheses where the text takes several lines."""
        if len(parts) == 1:
            self.add(f"{name} = {parts[0]}")
        else:
            self.add(f"{name} = (", *(INDENT + part for part in parts), ")")

    def chain(self, name: str, *steps: str) -> None:
        """`name = first.second.third`, as several assignments where it would be too long a line."""
        line = steps[0]
        for step in steps[1:]:
            if len(line) + len(step) > WIDTH - 10:
                self.add(f"{name} = {line}")
                line = name
            line += step
        if line != name:
            self.add(f"{name} = {line}")

    def use(self, *names: str | None) -> None:
        self.columns.update((name, None) for name in names if name is not None)

    def source(self) -> str:
        """The code with the helpers it calls in front."""
        body = "\n".join(self.lines)
        helpers = [
            source.replace("MORE", self.more) for name, source in HELPERS.items() if re.search(rf"\b{name}\(", body)
        ]
        return "\n\n".join([*helpers, body]).strip() + "\n"
