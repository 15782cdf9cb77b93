"""Workbooks: .xlsx, .xls and .ods, one sheet of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from analyzer.reading import remarks
from analyzer.reading.cellrows import read_rows
from analyzer.reading.errors import UnreadableFile
from analyzer.reading.layout import refuse_too_many
from analyzer.reading.notes import Notes, quote
from analyzer.reading.rawtable import RawTable, refuse_too_large
from analyzer.reading.workbook_guard import check_workbook, damaged

_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream in which Office keeps a workbook that has a password."""


@dataclass(frozen=True)
class Excel:
    """What was read, from which sheet; `sheets` are those that are not hidden."""

    table: RawTable
    sheet: str
    sheets: tuple[str, ...]


def read_excel(path: Path, sheet: str | None, notes: Notes, *, zipped: bool) -> Excel:
    """Read one sheet: the one that is asked for, else the first that holds a table.

    Raises UnreadableFile if there is no such sheet, no table, or the workbook cannot be parsed.
    """
    if zipped:
        check_workbook(path)
    else:
        _refuse_encrypted(path)
    with _parsing(), CalamineWorkbook.from_path(path) as workbook:
        pages = [meta for meta in workbook.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        names = tuple(meta.name for meta in pages if meta.visible == SheetVisibleEnum.Visible)
        if sheet is None:
            page = _first_table(workbook, names, notes)
        else:
            page = workbook.get_sheet_by_name(_find(sheet, [meta.name for meta in pages]))
        return Excel(_read_sheet(page, notes), page.name, names)


def _refuse_encrypted(path: Path) -> None:
    if _ENCRYPTED in path.read_bytes():
        raise _encrypted()


def _encrypted() -> UnreadableFile:
    return UnreadableFile("file.encrypted", "The workbook is protected with a password. Save it without one.")


@contextmanager
def _parsing() -> Iterator[None]:
    """Everything that the parser raises becomes UnreadableFile."""
    try:
        yield
    except PasswordError as error:
        raise _encrypted() from error
    except (CalamineError, OSError, ValueError) as error:
        raise damaged(error) from error
    except BaseException as error:
        # a panic of the parser, which is no Exception and whose class cannot be imported
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(error) from error


def _find(sheet: str, names: list[str]) -> str:
    for name in names:
        if name.strip().casefold() == sheet.strip().casefold():
            return name
    shown = ", ".join(map(quote, names[:20]))
    raise UnreadableFile("file.unknown_sheet", f"There is no sheet {quote(sheet)}; the workbook has {shown}.")


def _first_table(workbook: CalamineWorkbook, names: tuple[str, ...], notes: Notes) -> CalamineSheet:
    """A table has rows and, unless there is no better one, several columns."""
    for enough in (2, 1):
        for name in names:
            page = workbook.get_sheet_by_name(name)
            if page.height > 1 and page.width >= enough:
                others = ", ".join(quote(other) for other in names[:20] if other != name)
                if others:
                    notes.say(remarks.OTHER_SHEETS, name=quote(name), others=others)
                return page
    raise UnreadableFile(
        "file.empty", f"No sheet of the workbook holds a header and rows below it ({', '.join(map(quote, names))})."
    )


def _read_sheet(page: CalamineSheet, notes: Notes) -> RawTable:
    refuse_too_many(page.width)
    refuse_too_large(page.height, page.width)
    return read_rows(page.iter_rows(), notes)
