"""Values: numbers, dates, truth and missing ones, as people write them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.frames import ReadReport

from .remarks import said

Read = Callable[..., tuple[pd.DataFrame, ReadReport]]


@pytest.fixture
def column(read: Read) -> Callable[..., tuple[Any, tuple[str, ...]]]:
    """`column(values, heading=…)`: the typed column, and what was remarked on it."""

    def read_column(*values: str, heading: str = "x") -> tuple[Any, tuple[str, ...]]:
        rows = "".join(f'"{value}"\tword\n' for value in values)
        frame, report = read(f"{heading}\tother\n{rows}")
        return frame[heading], said(report)

    return read_column


Column = Callable[..., tuple[Any, tuple[str, ...]]]


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (("1.234,56", "7,5"), (1234.56, 7.5)),
        (("1,234.56", "7.5"), (1234.56, 7.5)),
        (("1 234,56", "12,5"), (1234.56, 12.5)),
        (("1\u00a0234,5", "1\u202f234\u202f567,5"), (1234.5, 1234567.5)),
        (("1'234.5", "2’000.5"), (1234.5, 2000.5)),
        (("12,34,567.5", "1.5"), (1234567.5, 1.5)),
        (("0,125", "1,250"), (0.125, 1.25)),
        (("$1,234.50", "-$3", "$ 7"), (1234.5, -3, 7)),
        (("5,50 €", "7 €"), (5.5, 7)),
        (("1 200 руб.", "15,5 руб."), (1200, 15.5)),
        (("12%", "3.5 %"), (12, 3.5)),
        (("(100.5)", "3"), (-100.5, 3)),
        (("−5,5", "+3"), (-5.5, 3)),
        (("1e3", "2.5E-3"), (1000, 0.0025)),
        ((".5", "2."), (0.5, 2)),
        (("1.5", "2,5", "3.75"), (1.5, 2.5, 3.75)),
    ],
)
def test_numbers_as_people_write_them(column: Column, values: tuple[str, ...], numbers: tuple[float, ...]) -> None:
    read, _ = column(*values)
    assert read.tolist() == pytest.approx(list(numbers))


@pytest.mark.parametrize(
    "values",
    [
        ("00123", "04567"),
        ("+79991234567", "+79991234568"),
        ("8 (999) 123-45-67", "8 (999) 123-45-68"),
        ("12345678901234567890", "5"),
        ("1.2.3", "1.2.10"),
        ("10.0.0.1", "10.0.0.2"),
        ("12 kg", "3 kg"),
        ("A1", "15"),
        ("10:20", "11:30"),
        ("1e999", "2"),
    ],
)
def test_digits_that_are_no_quantity_stay_text(column: Column, values: tuple[str, ...]) -> None:
    read, _ = column(*values)
    assert read.tolist() == list(values)
    assert str(read.dtype) == "str"


def test_a_heading_tells_that_digits_are_no_quantity(column: Column) -> None:
    assert str(column("89991234567", "89991234568", heading="Телефон")[0].dtype) == "str"


def test_different_currencies_are_not_added_up(column: Column) -> None:
    read, remarks = column("$5", "€7")
    assert read.tolist() == ["$5", "€7"]
    assert "several units" in remarks[0]


def test_percent_signs_are_remarked(column: Column) -> None:
    assert column("12%", "5%")[1] == ('Percent signs were taken off, so 12% is 12: "x" (%).',)


def test_an_ambiguous_comma_follows_the_rest_of_the_file(read: Read) -> None:
    frame, _ = read('a;b\n"1,234";5,5\n"2,345";6,5\n')
    assert frame["a"].tolist() == [1.234, 2.345]
    frame, report = read('a|b\n"1,234"|x\n"2,345"|y\n')
    assert frame["a"].tolist() == [1234, 2345]
    assert "thousands separators" in said(report)[0]


def test_ambiguous_points_are_thousands_in_a_file_with_decimal_commas(read: Read) -> None:
    frame, report = read("a;b\n1.234;5,5\n2.345;6,5\n")
    assert frame["a"].tolist() == [1234, 2345]
    assert "thousands separators" in said(report)[0]


def test_points_that_could_separate_thousands_are_remarked(read: Read) -> None:
    frame, report = read("town;people\nRiga;605.802\nTartu;91.407\n")
    assert frame["people"].tolist() == [605.802, 91.407]
    assert "could separate thousands" in said(report)[0]


def test_a_word_among_numbers_is_left_out_and_named(column: Column) -> None:
    read, remarks = column(*map(str, range(20)), "unknown")
    assert str(read.dtype) == "Int64"
    assert read.isna().sum() == 1
    assert remarks == ('Words among numbers were left out: "unknown" in "x".',)


def test_a_number_with_a_remark_keeps_its_column_text(column: Column) -> None:
    read, remarks = column(*map(str, range(20)), "14 (est.)")
    assert str(read.dtype) == "str"
    assert '"14 (est.)"' in remarks[0]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2020-12-31", "2020-12-31"),
        ("2020/12/31", "2020-12-31"),
        ("31.12.2020", "2020-12-31"),
        ("31.12.20", "2020-12-31"),
        ("31.12.99 г.", "1999-12-31"),
        ("31/12/2020", "2020-12-31"),
        ("12/31/2020", "2020-12-31"),
        ("31-12-2020 10:20", "2020-12-31T10:20"),
        ("12/31/2020 10:20:30 PM", "2020-12-31T22:20:30"),
        ("12/31/2020 12:05 am", "2020-12-31T00:05"),
        ("Dec 31 2020", "2020-12-31"),
        ("December 31, 2020", "2020-12-31"),
        ("31 Dec 2020", "2020-12-31"),
        ("31-Dec-20", "2020-12-31"),
        ("31st December 2020", "2020-12-31"),
        ("31 декабря 2020 г.", "2020-12-31"),
        ("31 мая 2020", "2020-05-31"),
        ("Thu, 31 Dec 2020 10:20:30 GMT", "2020-12-31T10:20:30"),
        ("Thu Dec 31 10:20:30 2020", "2020-12-31T10:20:30"),
        ("2020-12-31T10:20:30Z", "2020-12-31T10:20:30"),
        ("2020-12-31 10:20:30.123456", "2020-12-31T10:20:30.123456"),
        ("2020-12-31T10:20:30,5+03:00", "2020-12-31T10:20:30.5"),
        ("20201231T102030", "2020-12-31T10:20:30"),
        ("Dec 2020", "2020-12-01"),
        ("Dec-20", "2020-12-01"),
        ("декабрь 2020", "2020-12-01"),
        ("2020-12", "2020-12-01"),
        ("12/2020", "2020-12-01"),
        ("2020 Q4", "2020-10-01"),
        ("Q4 2020", "2020-10-01"),
        ("4 кв. 2020", "2020-10-01"),
    ],
)
def test_dates_as_people_write_them(column: Column, value: str, moment: str) -> None:
    read, _ = column(value, value)
    assert str(read.dtype) == "datetime64[us]"
    assert read[0] == pd.Timestamp(moment)


@pytest.mark.parametrize(
    ("values", "heading", "first"),
    [
        (("20200131", "20200201"), "date", "2020-01-31"),
        (("20200131", "20200201", "20200202", "20200203", "20200204"), "x", "2020-01-31"),
        (("202001", "202002"), "month", "2020-01-01"),
        (("01.2020", "11.2020"), "x", "2020-01-01"),
        (("43861", "43862"), "Дата", "2020-01-31"),
    ],
)
def test_numbers_that_are_dates(column: Column, values: tuple[str, ...], heading: str, first: str) -> None:
    read, remarks = column(*values, heading=heading)
    assert read[0] == pd.Timestamp(first)
    assert len(remarks) == 1


@pytest.mark.parametrize("values", [("1999", "2020"), ("20200131", "20209999"), ("43861", "43862"), ("202001", "5")])
def test_years_and_other_integers_stay_integers(column: Column, values: tuple[str, ...]) -> None:
    read, _ = column(*values)
    assert read.tolist() == [int(value) for value in values]


def test_the_whole_column_decides_whether_the_day_comes_first(column: Column) -> None:
    assert column("01/02/2020", "03/04/2020", "31/01/2020")[0][0] == pd.Timestamp("2020-02-01")
    assert column("01/02/2020", "03/04/2020", "01/31/2020")[0][0] == pd.Timestamp("2020-01-02")


def test_dates_that_could_be_either_follow_another_column(read: Read) -> None:
    frame, _ = read("a,b\n01/02/2020,01/31/2020\n03/04/2020,02/28/2020\n")
    assert frame["a"][0] == pd.Timestamp("2020-01-02")


def test_dates_that_could_be_either_are_day_first_with_a_warning(column: Column) -> None:
    read, remarks = column("01/02/2020", "03/04/2020")
    assert read[0] == pd.Timestamp("2020-02-01")
    assert "day/month/year, not month/day/year" in remarks[0]


def test_four_ways_of_writing_dates_in_one_column(column: Column) -> None:
    read, remarks = column("2020-01-31", "31.12.2020", "Jan 5 2021", "03/15/2021")
    assert read.tolist() == [pd.Timestamp(day) for day in ("2020-01-31", "2020-12-31", "2021-01-05", "2021-03-15")]
    assert "several ways" in remarks[0]


def test_one_time_zone_is_left_out_and_several_become_utc(column: Column) -> None:
    read, remarks = column("2020-01-31T10:00:00+03:00", "2020-02-01T10:00:00+03:00")
    assert read[0] == pd.Timestamp("2020-01-31 10:00")
    assert "UTC+03:00" in remarks[0]
    read, remarks = column("2020-01-31T10:00:00+01:00", "2020-07-31T10:00:00+02:00")
    assert read.tolist() == [pd.Timestamp("2020-01-31 09:00"), pd.Timestamp("2020-07-31 08:00")]
    assert "UTC" in remarks[0]


def test_days_that_do_not_exist_are_left_out_and_named(column: Column) -> None:
    read, remarks = column(*(f"{day:02}.01.2020" for day in range(1, 32)), "31.02.2020")
    assert read.isna().sum() == 1
    assert remarks == ('Values that are no dates were left out: "31.02.2020" in "x".',)


@pytest.mark.parametrize("pair", [("yes", "no"), ("TRUE", "False"), ("да", "нет"), ("Y", "N"), ("истина", "ложь")])
def test_truth_words(column: Column, pair: tuple[str, str]) -> None:
    read, _ = column(*pair, pair[0])
    assert read.tolist() == [True, False, True]
    assert str(read.dtype) == "bool"


def test_missing_truths_are_nullable(column: Column) -> None:
    read, _ = column("да", "", "нет")
    assert str(read.dtype) == "boolean"
    assert read.isna().tolist() == [False, True, False]


@pytest.mark.parametrize("marker", ["", "NA", "n/a", "-", "null", "NaN", "None", "?", "пусто", "н/д", "#N/A", "—"])
def test_missing_markers(column: Column, marker: str) -> None:
    for values, dtype in (
        (("1", marker, "3"), "Int64"),
        (("1.5", marker, "3"), "float64"),
        (("2020-01-31", marker, "2020-02-01"), "datetime64[us]"),
        (("a", marker, "b"), "str"),
    ):
        read, remarks = column(*values)
        assert str(read.dtype) == dtype
        assert read.isna().tolist() == [False, True, False]
        assert bool(remarks) == bool(marker)


def test_namibia_is_not_missing(column: Column) -> None:
    assert "NA" in column("US", "DE", "NA", "FR", "GB", "RU")[0].tolist()


def test_a_column_without_values_is_empty(read: Read) -> None:
    frame, _ = read("a,b\n1,\n2,\n")
    assert frame["b"].isna().all()
    assert frame["b"].dtype == np.float64


def test_spaces_around_text_are_left_out(read: Read) -> None:
    assert read("a,b\n North , 1\nNorth, 2\n")[0]["a"].tolist() == ["North", "North"]
