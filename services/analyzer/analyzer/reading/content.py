"""What a file is, told by its first bytes; its name is never trusted."""

import re
from pathlib import Path
from typing import Final, Literal

from analyzer.reading.errors import UnreadableFile

Content = Literal["text", "zip", "ole", "parquet"]

HEAD_BYTES: Final = 64 * 1024

_TABLES: Final[tuple[tuple[bytes, Content], ...]] = (
    (b"PK\x03\x04", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"PAR1", "parquet"),
)

_ARCHIVE: Final = "Unpack it and send the table inside."
_OTHERS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"\x89PNG", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"GIF8", "a GIF picture", ""),
    (b"%PDF", "a PDF document", "Export its table as CSV or Excel first."),
    (b"MZ", "a Windows program", ""),
    (b"\x7fELF", "a Linux program", ""),
    (b"PK\x05\x06", "an empty archive", ""),
    (b"\x1f\x8b", "a gzip archive", _ARCHIVE),
    (b"BZh", "a bzip2 archive", _ARCHIVE),
    (b"\xfd7zXZ", "an xz archive", _ARCHIVE),
    (b"7z\xbc\xaf", "a 7-Zip archive", _ARCHIVE),
    (b"Rar!", "a RAR archive", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _ARCHIVE),
    (b"SQLite format 3", "an SQLite database", "Export the table that you need as CSV."),
    (b"ARROW1", "an Arrow file", "Save it as Parquet or CSV."),
    (b"PARE", "an encrypted Parquet file", "Save it without encryption."),
    (b"{\\rtf", "a rich text document", "Save its table as CSV or Excel."),
)

_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|head|body|svg)\b", re.IGNORECASE)
_CONTROL: Final = bytes(range(1, 9)) + bytes(range(14, 27)) + bytes(range(28, 32)) + b"\x7f"
_MAX_CONTROL_SHARE: Final = 0.02
"""Tables in any 8-bit or UTF-8 text have none; random bytes have 11 %."""
_MAX_NUL_SHARE: Final = 0.3
"""Some exports pad their fields with NUL bytes; text in UTF-16 has up to a half, but is recognised before."""


def sniff(path: Path) -> Content:
    """The kind of content. Raises UnreadableFile when it is empty or known not to be a table."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        _refuse_blank(path)
    for magic, content in _TABLES:
        if head.startswith(magic):
            return content
    for magic, what, advice in _OTHERS:
        if head.startswith(magic) and not (magic.isalpha() and _is_plain(head)):
            raise UnreadableFile("file.binary", f"The file is {what}, not a table. {advice}".rstrip())
    if _MARKUP.match(head):
        raise UnreadableFile(
            "file.markup",
            "The file is a web page or XML, not a table. Open it in a spreadsheet and save it as .xlsx or CSV.",
        )
    return "text"


def _refuse_blank(path: Path) -> None:
    """Blank beginnings are refused when nothing follows them either."""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if block.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
                return
    raise UnreadableFile("file.empty", "The file is empty. Send a file with a header and at least one row.")


def _is_plain(head: bytes) -> bool:
    """A CSV may begin with the letters of a signature, like a column `MZ`."""
    return head.isascii() and not head.translate(None, delete=_printable()).strip(b"\r\n\t")


def _printable() -> bytes:
    return bytes(range(32, 127))


def refuse_binary(head: bytes) -> None:
    """Raise UnreadableFile if these first bytes are not 8-bit or UTF-8 text."""
    control = len(head) - len(head.translate(None, delete=_CONTROL))
    padding = head.count(b"\x00")
    if control > _MAX_CONTROL_SHARE * len(head) or padding > _MAX_NUL_SHARE * len(head):
        raise UnreadableFile(
            "file.binary",
            "The file is neither text nor a table format that is known here. Send CSV, Excel, Parquet or JSON.",
        )
