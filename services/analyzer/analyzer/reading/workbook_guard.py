"""A look into a zipped workbook before it is parsed: what would not fit into memory is refused here.

Both the sizes that a zip file declares and the extent of a worksheet can lie by a factor of thousands, and the parser
allocates for the whole rectangle between the first and the last cell.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Literal
from xml.parsers import expat

from analyzer.reading.errors import UnreadableFile
from analyzer.reading.limits import MAX_UNPACKED_BYTES, MAX_WORKBOOK_CELLS, MAX_ZIP_ENTRIES

_BLOCK_BYTES: Final = 1 << 20
_REFERENCE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,8})([0-9]{1,12})["']""")
_ODS_TAG: Final = re.compile(rb"<table:table-(row|cell)\b([^>]*)>")
_REPEATED: Final = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["']([0-9]{1,12})["']""")

Workbook = Literal["xlsx", "ods"]


def check_workbook(path: Path) -> Workbook:
    """The kind of workbook. Raises UnreadableFile if the zip file is another, damaged, or would unpack too large."""
    try:
        with zipfile.ZipFile(path) as archive:
            kind = _kind(archive.namelist())
            _check_declared(archive.infolist())
            for entry in archive.infolist():
                _check_entry(path, entry, kind)
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        OSError,
        ValueError,
        LookupError,
        NotImplementedError,
    ) as error:
        raise damaged(error) from error
    return kind


def damaged(error: BaseException) -> UnreadableFile:
    """What to raise when a workbook cannot be parsed."""
    return UnreadableFile(
        "file.damaged_workbook",
        f"The workbook is damaged or cut off ({error}). Open it in a spreadsheet and save it again.",
    )


def _kind(names: list[str]) -> Workbook:
    if any(name.startswith("xl/") and name.endswith(".bin") and "workbook" in name for name in names):
        raise UnreadableFile("file.excel_binary", "The file is a binary workbook (.xlsb). Save it as .xlsx.")
    if "xl/workbook.xml" in names or any(re.fullmatch(r"xl/workbook\w*\.xml", name) for name in names):
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    raise UnreadableFile(
        "file.archive", "The file is a ZIP archive, not a workbook. Unpack it and send the table inside."
    )


def _check_declared(entries: list[zipfile.ZipInfo]) -> None:
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNPACKED_BYTES or len(entries) > MAX_ZIP_ENTRIES:
        raise _bomb(f"{size / 1e6:,.0f} MB in {len(entries):,} parts")


def _bomb(what: str) -> UnreadableFile:
    return UnreadableFile(
        "file.zip_bomb",
        f"The workbook unpacks to {what}; at most {MAX_UNPACKED_BYTES / 1e6:,.0f} MB and {MAX_WORKBOOK_CELLS:,} cells "
        "can be read. Remove the rows and sheets that you do not need, or send the table as CSV.",
    )


def _check_entry(path: Path, entry: zipfile.ZipInfo, kind: Workbook) -> None:
    """Unpack one entry to nowhere: it has the size that it declares, and its cells fit into memory."""
    extent = _Extent(kind) if _holds_cells(entry.filename, kind) else None
    # the parser of .ods waits for ever for the end of a broken tag
    syntax = expat.ParserCreate() if kind == "ods" and entry.filename.endswith(".xml") else None
    size = 0
    for block in _unpack(path, entry):
        size += len(block)
        if size > entry.file_size:
            raise _bomb("more than it declares")
        if syntax:
            syntax.Parse(block, False)
        if extent:
            extent.add(block)
    if syntax:
        syntax.Parse(b"", True)


def _holds_cells(name: str, kind: Workbook) -> bool:
    return name == "content.xml" if kind == "ods" else name.startswith("xl/worksheets/") and name.endswith(".xml")


def _unpack(path: Path, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The entry's true content: `zipfile` itself would stop at the size that is declared."""
    if entry.flag_bits & 1:
        raise UnreadableFile("file.encrypted", "The file is protected with a password. Save it without one.")
    with path.open("rb") as file:
        file.seek(entry.header_offset + 26)
        lengths = file.read(4)
        file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), 1)
        if entry.compress_type == zipfile.ZIP_STORED:
            yield from _blocks(file, entry.compress_size)
        elif entry.compress_type == zipfile.ZIP_DEFLATED:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            for packed in _blocks(file, entry.compress_size):
                yield inflater.decompress(packed, _BLOCK_BYTES)
                while inflater.unconsumed_tail and not inflater.eof:
                    yield inflater.decompress(inflater.unconsumed_tail, _BLOCK_BYTES)
        else:
            raise zipfile.BadZipFile(f"compression method {entry.compress_type}")


def _blocks(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (block := file.read(min(size, _BLOCK_BYTES))):
        size -= len(block)
        yield block


class _Extent:
    """The rectangle that a sheet's cells span, as its XML passes by in blocks."""

    def __init__(self, kind: Workbook) -> None:
        self._scan = self._scan_ods if kind == "ods" else self._scan_xlsx
        self._tail = b""
        self._columns = self._rows = 0
        self._row_columns = self._pending_rows = 0

    def add(self, block: bytes) -> None:
        text = self._tail + block
        # cut where a tag begins, so that none is counted twice or missed
        cut = text.rfind(b"<")
        cut = cut if cut > 0 and len(text) - cut < _BLOCK_BYTES else len(text)
        self._scan(text[:cut])
        self._tail = text[cut:]
        if self._rows * self._columns > MAX_WORKBOOK_CELLS:
            raise _bomb(f"a sheet of {self._rows:,} rows and {self._columns:,} columns")

    def _scan_xlsx(self, text: bytes) -> None:
        references = _REFERENCE.findall(text)
        self._rows = max([self._rows, *{int(row) for _, row in references}])
        self._columns = max([self._columns, *map(_column_number, {letters for letters, _ in references})])

    def _scan_ods(self, text: bytes) -> None:
        """Empty cells at the end of rows, and empty rows at the end of sheets, are repeated up to the grid's edge."""
        for match in _ODS_TAG.finditer(text):
            repeated = _REPEATED.search(match[2])
            times = int(repeated[1]) if repeated else 1
            if match[1] == b"row":
                self._row_columns = 0
                self._pending_rows += times
            else:
                self._row_columns += times
                if b"office:value" in match[2]:
                    self._columns = max(self._columns, self._row_columns)
                    self._rows += self._pending_rows
                    self._pending_rows = 0


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
