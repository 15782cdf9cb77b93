"""Text files, line by line."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

from analyzer.reading import remarks
from analyzer.reading.encoding import Encoding
from analyzer.reading.errors import UnreadableFile
from analyzer.reading.limits import MAX_LINE_CHARACTERS
from analyzer.reading.notes import Notes, quote


@contextmanager
def open_text(path: Path, encoding: Encoding) -> Iterator[TextIO]:
    """The file as text; bytes that do not fit the encoding are replaced by U+FFFD."""
    with path.open(encoding=encoding.codec, errors="replace", newline="") as file:
        yield file


def text_lines(file: TextIO, seen: list[str] | None = None, notes: Notes | None = None) -> Iterator[str]:
    """The lines of the file without NUL characters, which are noted; each is also appended to `seen`.

    Raises UnreadableFile at a line that is longer than allowed; it is not read to its end.
    """
    for number, line in enumerate(iter(partial(file.readline, MAX_LINE_CHARACTERS), ""), start=1):
        if len(line) == MAX_LINE_CHARACTERS:
            raise UnreadableFile(
                "file.line_too_long",
                f"A line has more than {MAX_LINE_CHARACTERS:,} characters: {quote(line)}. Either rows do not end with "
                "line breaks, or the file is no table.",
            )
        text = line
        if "\x00" in line:
            text = line.replace("\x00", "")
            if notes is not None:
                notes.add(remarks.NUL, remarks.LINE, line=f"{number:,}")
        if seen is not None:
            seen.append(text)
        yield text
