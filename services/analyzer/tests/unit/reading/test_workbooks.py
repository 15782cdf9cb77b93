"""Excel and OpenDocument workbooks: sheets, cell types, and what must not be parsed."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analyzer.frames import ReadReport
from analyzer.reading import UnreadableFile

from .remarks import said

Read = Callable[..., tuple[pd.DataFrame, ReadReport]]
Refuse = Callable[..., UnreadableFile]
Xlsx = Callable[..., bytes]
Ods = Callable[[str], bytes]

SAMPLES = Path(__file__).parent / "samples"


def row(*cells: str | float) -> str:
    """A row of a worksheet, as text and numbers."""
    return "<row>" + "".join(map(cell, cells)) + "</row>"


def cell(value: str | float) -> str:
    return f'<c t="str"><v>{value}</v></c>' if isinstance(value, str) else f"<c><v>{value}</v></c>"


def ods_row(*cells: str | float, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(map(ods_cell, cells))}</table:table-row>'


def ods_cell(value: str | float) -> str:
    kind = f'string"><text:p>{value}</text:p' if isinstance(value, str) else f'float" office:value="{value}"/'
    return f'<table:table-cell office:value-type="{kind}>' + ("</table:table-cell>" if isinstance(value, str) else "")


def test_reads_the_first_sheet_that_holds_a_table(read: Read, xlsx: Xlsx) -> None:
    book = xlsx(Cover=row("Report of the shop"), Sales=row("town", "sold") + row("Riga", 5) + row("Tartu", 7.5))
    frame, report = read(book)
    assert frame.to_dict("list") == {"town": ["Riga", "Tartu"], "sold": [5, 7.5]}
    assert (report.format, report.sheet, report.sheets) == ("excel", "Sales", ("Cover", "Sales"))
    assert said(report) == ('Sheet "Sales" was read; the workbook also has "Cover".',)


def test_reads_the_sheet_that_is_asked_for(read: Read, xlsx: Xlsx) -> None:
    book = xlsx(One=row("a", "b") + row(1, 2), Two=row("c", "d") + row(3, 4))
    frame, report = read(book, sheet="two ")
    assert list(frame.columns) == ["c", "d"]
    assert report.sheet == "Two"


def test_an_unknown_sheet_is_refused_with_the_names_of_the_others(refuse: Refuse, xlsx: Xlsx) -> None:
    reason = refuse(xlsx(One=row("a", "b") + row(1, 2), Two=row("c", "d")), sheet="Three")
    assert reason.code == "file.unknown_sheet"
    assert reason.message == 'There is no sheet "Three"; the workbook has "One", "Two".'


def test_a_workbook_without_rows_is_refused(refuse: Refuse, xlsx: Xlsx) -> None:
    assert refuse(xlsx(One="", Two=row("only a title"))).code == "file.empty"
    assert refuse(xlsx(One="", Two=row("a", "b")), sheet="Two").code == "file.header_only"


def test_text_cells_are_recognised_and_numbers_keep_their_value(read: Read, xlsx: Xlsx) -> None:
    rows = row("id", "price", "ratio", "day") + row("007", "1.234,50", 1.234, "31.12.2020")
    rows += row("008", "7,25", 2.345, "01.01.2021")
    frame, _ = read(xlsx(Data=rows))
    assert frame["id"].tolist() == ["007", "008"]
    assert frame["price"].tolist() == [1234.5, 7.25]
    assert frame["ratio"].tolist() == [1.234, 2.345]
    assert frame["day"][0] == pd.Timestamp("2020-12-31")


def test_reads_old_excel_with_dates_and_truths(read: Read) -> None:
    frame, report = read((SAMPLES / "two_sheets.xls").read_bytes())
    assert frame["date"].tolist() == [pd.Timestamp("2020-01-31"), pd.Timestamp("2020-02-01")]
    assert frame["paid"].tolist() == [True, False]
    assert report.sheet == "Sales"


def test_reads_open_document(read: Read, ods: Ods) -> None:
    frame, report = read(ods(ods_row("a", "b") + ods_row("x", 1.5) + ods_row("y", 2, repeated=3)))
    assert frame["b"].tolist() == [1.5, 2, 2, 2]
    assert report.format == "excel"


def test_empty_cells_repeated_to_the_edge_of_the_grid_cost_nothing(read: Read, ods: Ods) -> None:
    cells = '<table:table-cell table:number-columns-repeated="16384"/>'
    edge = f'<table:table-row table:number-rows-repeated="1048000">{cells}</table:table-row>'
    frame, _ = read(ods(ods_row("a", "b") + ods_row("x", 1) + edge))
    assert frame.shape == (1, 2)


def test_a_password_is_said_to_be_the_reason(refuse: Refuse) -> None:
    reason = refuse((SAMPLES / "encrypted.xlsx").read_bytes())
    assert reason.code == "file.encrypted"
    assert "password" in reason.message


@pytest.mark.parametrize("kept", [100, 400, 900])
def test_a_workbook_that_is_cut_off_is_refused(refuse: Refuse, xlsx: Xlsx, kept: int) -> None:
    assert refuse(xlsx(Data=row("a", "b") + row(1, 2))[:kept]).code == "file.damaged_workbook"


def test_a_zip_file_that_is_no_workbook_is_refused(refuse: Refuse, ods: Ods) -> None:
    assert refuse(ods("").replace(b"content.xml", b"another.xml")).code == "file.archive"


def declare(book: bytes, size: int) -> bytes:
    """The workbook with another unpacked size in the directory entry of its first sheet."""
    entry = book.rindex(b"xl/worksheets/sheet1.xml") - 46
    return book[: entry + 24] + size.to_bytes(4, "little") + book[entry + 28 :]


def test_a_sheet_that_unpacks_too_large_is_refused(refuse: Refuse, xlsx: Xlsx) -> None:
    reason = refuse(declare(xlsx(Data=row("a", "b") + row(1, 2)), 610_000_000))
    assert reason.code == "file.zip_bomb"
    assert "610 MB" in reason.message


def test_a_sheet_that_is_larger_than_it_declares_is_refused(refuse: Refuse, xlsx: Xlsx) -> None:
    assert refuse(declare(xlsx(Data=row("a", "b") + row(1, 2) * 100_000), 100)).code == "file.zip_bomb"


@pytest.mark.parametrize("reference", ["XFD1048576", "ZZ900000", "ZZZZZZZ99999999999"])
def test_two_cells_far_apart_do_not_fill_the_memory(refuse: Refuse, xlsx: Xlsx, reference: str) -> None:
    far = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="{reference}"><v>1</v></c></row>'
    assert refuse(xlsx(Data=far)).code == "file.zip_bomb"


def test_a_value_repeated_over_the_grid_does_not_fill_the_memory(refuse: Refuse, ods: Ods) -> None:
    wide = ods_row(1, repeated=1_000_000).replace(
        "<table:table-cell", '<table:table-cell table:number-columns-repeated="99"'
    )
    assert refuse(ods(wide)).code == "file.zip_bomb"


def test_a_tag_that_never_ends_is_refused_at_once(refuse: Refuse, ods: Ods) -> None:
    assert refuse(ods(ods_row("a", "b") + "</table:tabl")).code == "file.damaged_workbook"
