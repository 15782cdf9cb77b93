"""Delimited text: encodings, delimiters, headers, broken lines."""

from collections.abc import Callable

import pandas as pd
import pytest

from analyzer.frames import ReadReport
from analyzer.reading import UnreadableFile

from .remarks import said

Read = Callable[..., tuple[pd.DataFrame, ReadReport]]
Refuse = Callable[..., UnreadableFile]

PROSE = """It was the best of times, it was the worst of times.
It was the age of wisdom, and of foolishness too, it was the epoch
of belief.
"""


def test_reads_a_plain_csv_without_remarks(read: Read) -> None:
    frame, report = read("town,sold,price\nRiga,1,2.5\nTartu,2,3.5\n")
    assert frame.to_dict("list") == {"town": ["Riga", "Tartu"], "sold": [1, 2], "price": [2.5, 3.5]}
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "int64", "float64"]
    assert report == ReadReport(format="csv", encoding="utf-8", delimiter=",", decimal=".", rows=2, columns=3)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_finds_the_delimiter(read: Read, delimiter: str) -> None:
    frame, report = read(delimiter.join("ab") + "\n" + delimiter.join("12") + "\n")
    assert list(frame.columns) == ["a", "b"]
    assert report.delimiter == delimiter
    assert report.format == ("tsv" if delimiter == "\t" else "csv")


def test_decimal_commas_are_not_the_delimiter(read: Read) -> None:
    frame, report = read("цена, руб;вес, кг\n1,5;2,5\n3,25;4,75\n")
    assert frame.to_dict("list") == {"цена, руб": [1.5, 3.25], "вес, кг": [2.5, 4.75]}
    assert (report.delimiter, report.decimal) == (";", ",")


@pytest.mark.parametrize(
    ("codec", "label"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1251", "cp1251"),
        ("koi8-r", "koi8-r"),
        ("cp866", "cp866"),
    ],
)
def test_finds_the_encoding_of_russian(read: Read, codec: str, label: str) -> None:
    frame, report = read("дата;город;сумма\n01.02.2020;Москва;5\n02.02.2020;Тверь;7\n", encoding=codec)
    assert list(frame.columns) == ["дата", "город", "сумма"]
    assert list(frame["город"]) == ["Москва", "Тверь"]
    assert report.encoding == label


@pytest.mark.parametrize(
    ("codec", "label", "text"),
    [
        ("latin-1", "cp1252", "nom,prénom\nDupont,René\nBlanc,Zoë\n"),
        ("cp1252", "cp1252", "Straße,Preis\nMünchen,„5 €“\nKöln,x\n"),
        ("cp1250", "cp1250", "miasto,x\nŁódź,łódzkie\nWrocław,dolnośląskie\nGdańsk,pomorskie\n"),
        ("shift_jis", "shift-jis", "都市,人口\n東京,13960000\n大阪,8839000\nひらがな,1\n"),
    ],
)
def test_finds_other_encodings(read: Read, codec: str, label: str, text: str) -> None:
    frame, report = read(text, encoding=codec)
    assert report.encoding == label
    assert list(frame.columns) == text.splitlines()[0].split(",")
    assert any("UTF-8" in warning for warning in said(report))


def test_a_few_broken_bytes_do_not_make_utf8_something_else(read: Read) -> None:
    text = "город,n\n" + "Москва,1\n" * 50
    frame, report = read(text.encode() + b"\xff\xfe\xfdx,2\n")
    assert frame["город"][0] == "Москва"
    assert report.encoding == "utf-8"
    assert any("�" in warning for warning in said(report))


def test_nul_bytes_are_left_out(read: Read) -> None:
    frame, report = read(b"a,b\n1\x00,x\x00\n2,y\n")
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert said(report) == ("NUL characters were left out: line 2.",)


@pytest.mark.parametrize("rows", ["Ann,1,2,3\nBob,4,5,6\n", "Ann,,,\nBob,,,\n", "Ann,1,,\nBob,4,,\n"])
def test_header_keeps_the_one_name_it_has(read: Read, rows: str) -> None:
    frame, report = read("name,,,\n" + rows)
    assert list(frame["name"]) == ["Ann", "Bob"]
    assert not any("above the header" in sentence for sentence in said(report))


def test_remarks_come_in_both_languages(read: Read) -> None:
    _, report = read("a,,c\n1,2,3\n4,5\n6,7,8,9\n")
    assert said(report, "ru") == (
        "Столбцы без заголовка получили имена: column_2.",
        "Строки, где значений не хватает, дополнены пустыми: строка 3 (2 из 3).",
        "Строки, где значений слишком много, обрезаны: строка 4 (4 вместо 3).",
    )


def test_ragged_lines_are_padded_or_cut_and_named(read: Read) -> None:
    frame, report = read("a,b,c\n1,2,3\n4,5\n\n6,7,8,9\n10,11,12\n")
    assert list(frame["b"]) == [2, 5, 7, 11]
    assert frame["c"].isna().tolist() == [False, True, False, False]
    assert said(report) == (
        "Lines with too few values were filled up with empty ones: line 3 (2 of 3).",
        "Lines with too many values were cut: line 5 (4 instead of 3).",
    )


def test_many_ragged_lines_are_counted_not_listed(read: Read) -> None:
    _, report = read("a,b,c\n" + "1,2,3\n1,2\n" * 100 + "1,2,3\n")
    (warning,) = said(report)
    assert warning.count("line ") == 5
    assert warning.endswith("and 95 more.")


def test_ragged_lines_are_numbered_past_the_first_chunk(read: Read) -> None:
    frame, report = read("a,b\n" + "1,2\n" * 30_000 + "1,2,3\n" + "1,2\n")
    assert len(frame) == 30_002
    assert "line 30,002 (3 instead of 2)" in said(report)[0]


def test_duplicate_and_empty_headings_are_renamed_and_reported(read: Read) -> None:
    frame, report = read("a,a,,a_2,a\n1,2,3,4,5\n1,2,3,4,5\n")
    assert list(frame.columns) == ["a", "a_3", "column_3", "a_2", "a_4"]
    assert said(report) == (
        'Headings that occur twice were renamed: "a" to "a_3", "a" to "a_4".',
        "Columns without a heading were named: column_3.",
    )


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n4,5,6\n",
        "1,2,3\n7,1,9\n",
        "9" * 50 + ",1\n5,2\n",
        "Ann,5,2020-01-01\nBob,6,2020-01-02\n",
        "Ann,Paris,x\nBob,Rome,y\nAnn,Paris,z\n",
        '3,"A long headline of the day"\n2,"Another long headline"\n',
    ],
)
def test_a_table_without_header_gets_numbered_columns(read: Read, text: str) -> None:
    frame, report = read(text)
    assert len(frame) == text.count("\n")
    assert list(frame.columns) == [f"column_{n + 1}" for n in range(len(frame.columns))]
    assert any("no header" in warning for warning in said(report))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("country;2010;2011;2012\nUSA;1,5;2,5;3,5\nChile;2;3;4\n", ["country", "2010", "2011", "2012"]),
        ("item,1,2,3\ntea,5,5,6\nmilk,7,9,9\n", ["item", "1", "2", "3"]),
        ("name,city\nAnn,Paris\nBob,Rome\n", ["name", "city"]),
        ("region,2020-01,2020-02\nN,1,2\nS,3,4\n", ["region", "2020-01", "2020-02"]),
        (",a,b\n0,1,2\n1,3,4\n", ["column_1", "a", "b"]),
        ("a,b\nx,1,2\ny,3,4\n", ["column_1", "a", "b"]),
        ("#id,name\n1,a\n2,b\n", ["id", "name"]),
        ('"two\nlines",b\n1,2\n', ["two lines", "b"]),
    ],
)
def test_unusual_headers_are_headers(read: Read, text: str, columns: list[str]) -> None:
    assert list(read(text)[0].columns) == columns


@pytest.mark.parametrize(
    "above",
    [
        "Sales report for 2020\nmade by the shop\n\n",
        "Отчёт;;;\n;;;\n",
        "# written by a program\n# in two lines, really\n",
        "sep=,\n",
    ],
)
def test_lines_above_the_header_are_left_out(read: Read, above: str) -> None:
    delimiter = ";" if ";" in above else ","
    table = "region,sold,price,day\nN,1,2.5,2020-01-31\nS,2,3.5,2020-02-01\n".replace(",", delimiter)
    frame, _ = read(above + table)
    assert list(frame.columns) == ["region", "sold", "price", "day"]
    assert list(frame["price"]) == [2.5, 3.5]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_breaks(read: Read) -> None:
    frame, report = read('a,b\n"x, y\nz",1\n"say ""hi""",2\n')
    assert list(frame["a"]) == ["x, y\nz", 'say "hi"']
    assert not said(report)


@pytest.mark.parametrize("text", ['a,b,c\n1,"oops,2\n3,x,4\n5,y,6\n', 'a,c,b\n1,2,x\n2,3,"oops\n3,4,y\n4,5,z\n'])
def test_a_quotation_mark_that_is_never_closed_costs_no_rows(read: Read, text: str) -> None:
    frame, report = read(text)
    assert len(frame) == text.count("\n") - 1
    assert any("never closed" in warning for warning in said(report))


@pytest.mark.parametrize("rows", [3, 1_200_000])
def test_a_quotation_mark_left_open_in_the_header_costs_no_rows(read: Read, rows: int) -> None:
    frame, report = read('a,"b\n' + "1,2\n" * rows)
    assert frame.shape == (rows, 2)
    assert list(frame.columns) == ["a", '"b']
    assert any("never closed" in warning for warning in said(report))


def test_rows_of_nothing_but_delimiters_are_left_out(read: Read) -> None:
    frame, report = read("a;b\n1;2\n;\n3;4\n;\n")
    assert list(frame["a"]) == [1, 3]
    assert said(report) == ("Rows without any value were left out: 2.",)


def test_a_row_of_missing_markers_is_a_row(read: Read) -> None:
    frame, _ = read("a\n1\nNA\n3\n")
    assert frame["a"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_ending_is_read(read: Read, ending: str) -> None:
    frame, _ = read(ending.join(["a,b", "1,2", "3,4", ""]))
    assert frame.to_dict("list") == {"a": [1, 3], "b": [2, 4]}


def test_three_hundred_columns_are_read(read: Read) -> None:
    names = [f"c{n}" for n in range(300)]
    frame, _ = read("\n".join([",".join(names), ",".join(map(str, range(300))), ""]))
    assert list(frame.columns) == names
    assert frame.iloc[0].tolist() == list(range(300))


def test_a_single_column_is_a_table(read: Read) -> None:
    frame, report = read("name\nAnn Smith\nBob Jones\n")
    assert list(frame["name"]) == ["Ann Smith", "Bob Jones"]
    assert report.delimiter is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "file.empty"),
        (" \n\n", "file.empty"),
        ("\ufeff", "file.empty"),
        ("a,b,c\n", "file.header_only"),
        ("a;b;c\n;;\n;;\n", "file.header_only"),
        (",".join(["1"] * 10_001) + "\n", "file.too_many_columns"),
        ("x" * 5_000_000, "file.line_too_long"),
        ("a,b\n1,2\n" + "1," * 3_000_000, "file.line_too_long"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "file.binary"),
        (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00", "file.binary"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "file.binary"),
        (bytes(range(256)) * 20, "file.binary"),
        (b"\x1f\x8b\x08" + bytes(30), "file.binary"),
        ("<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>", "file.markup"),
        (PROSE, "file.not_a_table"),
    ],
)
def test_what_holds_no_table_is_refused(refuse: Refuse, content: str | bytes, code: str) -> None:
    reason = refuse(content)
    assert reason.code == code
    assert reason.message.endswith(".")
    assert len(reason.message) < 400


def test_a_refusal_says_what_is_wrong(refuse: Refuse) -> None:
    assert '"town"' in refuse("town,price\n").message
    assert "10,001 columns" in refuse(",".join(["1"] * 10_001) + "\n").message
    assert "PNG" in refuse(b"\x89PNG\r\n\x1a\n").message


def test_a_sheet_means_nothing_to_a_csv(read: Read) -> None:
    _, report = read("a,b\n1,2\n", sheet="Sales", name="x.csv")
    assert said(report) == ('"x.csv" is no workbook: the sheet "Sales" was not looked for.',)
