"""Dates are found in the forms people write."""

import datetime as dt

import pytest

from analyzer.planner.dates import When, find_dates
from analyzer.planner.text import tokenize

YEARS = (2000, 2024)


def _longest(text: str) -> When:
    spans = find_dates(tokenize(text), YEARS)
    return max(spans, key=lambda span: span.end - span.start).when


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("in 2014", dt.date(2014, 1, 1), dt.date(2015, 1, 1)),
        ("за 2014 год", dt.date(2014, 1, 1), dt.date(2015, 1, 1)),
        ("in December 2013", dt.date(2013, 12, 1), dt.date(2014, 1, 1)),
        ("в декабре 2013 года", dt.date(2013, 12, 1), dt.date(2014, 1, 1)),
        ("on 2013-07-04", dt.date(2013, 7, 4), dt.date(2013, 7, 5)),
        ("July 4, 2013", dt.date(2013, 7, 4), dt.date(2013, 7, 5)),
        ("4th of July 2013", dt.date(2013, 7, 4), dt.date(2013, 7, 5)),
        ("15 марта 2022", dt.date(2022, 3, 15), dt.date(2022, 3, 16)),
        ("15.03.2022", dt.date(2022, 3, 15), dt.date(2022, 3, 16)),
        ("Q3 2021", dt.date(2021, 7, 1), dt.date(2021, 10, 1)),
        ("первый квартал 2023", dt.date(2023, 1, 1), dt.date(2023, 4, 1)),
        ("fourth quarter of 2023", dt.date(2023, 10, 1), dt.date(2024, 1, 1)),
        ("the 1990s", dt.date(1990, 1, 1), dt.date(2000, 1, 1)),
        ("в 90-х годах", dt.date(1990, 1, 1), dt.date(2000, 1, 1)),
        ("the 20th century", dt.date(1901, 1, 1), dt.date(2001, 1, 1)),
        ("в 21 веке", dt.date(2001, 1, 1), dt.date(2101, 1, 1)),
    ],
)
def test_period_has_its_bounds(text: str, first: dt.date, end: dt.date) -> None:
    assert _longest(text).bounds() == (first, end)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("in July", When(month=7)),
        ("летом", When(months=(6, 7, 8))),
        ("in winter", When(months=(12, 1, 2))),
        ("on Mondays", When(weekdays=(0,))),
        ("по выходным", When(weekdays=(5, 6))),
        ("the last 3 months", When(last=(3, "month"))),
        ("за последний год", When(last=(1, "year"))),
    ],
)
def test_recurring_and_relative_periods(text: str, when: When) -> None:
    assert _longest(text) == when


def test_names_that_only_look_like_months_are_none() -> None:
    assert find_dates(tokenize("the colony on Mars"), YEARS) == []


def test_day_the_calendar_lacks_is_no_date() -> None:
    assert find_dates(tokenize("on 2013-02-30"), YEARS) == []
