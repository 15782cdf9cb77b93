"""The answers a newcomer is promised, word by word."""

import pytest

from .running import ask

PROMISED = [
    ("seattle", "What is the average temp_max?", ["16.44"]),
    ("seattle", "Какая средняя максимальная температура?", ["16.44"]),
    ("seattle", "average precipitation by weather", ["snow 8.554", "rain 6.558", "sun 0", "fog 0", "drizzle 0"]),
    ("seattle", "top 3 windiest days", ["2012-12-17 (9.5); 2013-12-01 (8.8); 2014-01-11 (8.8)"]),
    ("seattle", "how many rainy days in 2014", ["148"]),
    ("seattle", "correlation between temp_max and temp_min", ["0.876"]),
    ("seattle", "which month had the most precipitation", ["December 2015", "2015-12"]),
    ("seattle", "Построй график осадков по месяцам", ["48", "2015-12"]),
    ("stocks", "max price per symbol", ["AAPL 223.02", "AMZN 135.91", "GOOG 707", "IBM 130.32", "MSFT 43.22"]),
    (
        "gapminder",
        "which 5 countries have the largest population",
        ["China", "India", "United States", "Indonesia", "Brazil"],
    ),
    (
        "gapminder",
        "средняя продолжительность жизни (health) по регионам",
        ["europe_central_asia 77.46", "sub_saharan_africa 62.15"],
    ),
    ("gapminder", "number of countries with health above 80", ["29"]),
    ("gapminder", "is income related to health?", ["0.646"]),
    ("employment", "when was nonfarm employment lowest", ["2010-02", "129726"]),
    (
        "disasters",
        'total deaths by entity, top 3, without "All natural disasters"',
        ["Drought 11731294; Epidemic 9596463; Flood 6954992"],
    ),
]


@pytest.mark.parametrize(("name", "question", "stated"), PROMISED, ids=lambda value: str(value)[:60])
def test_answer_states_the_value(name: str, question: str, stated: list[str]) -> None:
    answer = ask(name, question, draw=False).answer
    assert all(text in answer for text in stated), answer


def test_followup_keeps_the_five_lines_and_changes_the_period() -> None:
    outcome = ask("stocks", "plot the price over time for each symbol", "now by year")
    (axis,) = outcome.axes
    assert len(axis.lines) == 5
    assert list(outcome.result.index) == list(range(2000, 2011))
