"""Charts show what was asked for, and can be read."""

import pytest

from .cases import Case, load
from .running import ask, chart_kind

CHARTED = [case for case in (*load("development"), *load("blind")) if case.charts]


@pytest.mark.parametrize("case", CHARTED, ids=str)
def test_chart_is_of_the_kind_asked_for(case: Case) -> None:
    (axis,) = ask(case.table, *case.questions).axes
    assert chart_kind(axis) & case.charts
    assert case.lines is None or len(axis.lines) == case.lines
    assert axis.get_title()
    assert axis.patches or axis.images or axis.get_xlabel() or axis.get_ylabel()


def test_lines_are_told_apart_by_a_legend() -> None:
    (axis,) = ask("stocks", "plot the price over time for each symbol").axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["AAPL", "AMZN", "GOOG", "IBM", "MSFT"]
    assert axis.get_legend().get_title().get_text() == "symbol"


def test_dates_on_the_axis_stay_few() -> None:
    (axis,) = ask("seattle", "plot temp_max over time").axes
    assert 3 <= len(axis.get_xticklabels()) <= 15


def test_years_on_the_axis_are_whole() -> None:
    (axis,) = ask("cars", "plot average mpg by model year").axes
    assert all(tick == int(tick) for tick in axis.get_xticks())


def test_many_bars_lie_so_that_their_names_can_be_read() -> None:
    (axis,) = ask("gapminder", "top 20 countries by income").axes
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert len(names) == 20
    assert names[-1] == "Qatar"


def test_title_and_labels_are_in_the_language_of_the_question() -> None:
    (axis,) = ask("shop", "Построй график суммы по месяцам").axes
    assert axis.get_title() == "Сумма «Сумма» по месяцам"
    assert axis.get_xlabel() == "месяц"


def test_one_value_has_no_chart() -> None:
    assert ask("seattle", "average temp_max").axes == []
    assert ask("seattle", "average precipitation by weather without a chart").axes == []
