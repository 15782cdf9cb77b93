"""What a plan tells besides its code; and code that runs whatever the table is called."""

import random

import numpy as np
import pandas as pd
import pytest

from analyzer.honesty import check_reads_frame
from analyzer.planner import CannotAnswer, plan
from analyzer.reading.profile import profile_frame
from analyzer.sandbox.zygote.gate import check

from .running import ask, run

TEMPLATES = (
    "average {n} by {c}", "plot {n} over time", "{n} by month for each {c}", "top 3 {c} by {n}", "histogram of {n}",
    "when was {n} lowest", "scatter of {n} and {m}", "share of {n} by {c}", "median {n} for {v}", "count by {c}",
    "outliers in {n}", "trend of {n}", "growth of {n} by year", "percent change of {n}", "cumulative {n}",
    "5 day moving average of {n}", "{n} by weekday", "{n} without {v}", "missing values in {n}", "{n} in 2021",
    "what percentage of rows is {v}", "ratio of {n} to {m}", "heatmap of {n} by {c} and {c}",
    "min and max {n} by month",
    "90th percentile of {n} by {c}", "distribution of {n} by {c}", "describe", "correlation matrix", "duplicates",
    "{n} by season", "{c} with total {n} above 10", "latest {n}", "average {n} by {m}", "sort by {n}", "date range",
)  # fmt: skip


def _awkward() -> pd.DataFrame:
    """Names with quotes, braces, backslashes and dollars; gaps everywhere; numbers of all sizes."""
    rng = np.random.default_rng(20)
    n = 80
    df = pd.DataFrame(
        {
            'Price ($) "net"': rng.normal(100, 30, n),
            "it's {odd} \\ name": rng.integers(0, 5, n),
            "Cost $ per $": rng.normal(5, 1, n) * 1e-6,
            "total": rng.random(n) * 1e9,
            "when": pd.Timestamp("2020-02-27") + pd.to_timedelta(np.sort(rng.integers(0, 900, n)), unit="D"),
            "Категория товара": rng.choice(['А "б"', "в{г}", "$x$ $y$", "d'e"], n),
            "flag": rng.random(n) < 0.5,
        }
    )
    for column in ('Price ($) "net"', "when", "Категория товара"):
        df.loc[rng.choice(n, 9, replace=False), column] = None
    return df


@pytest.mark.parametrize("template", TEMPLATES)
def test_code_runs_on_awkward_names_and_gaps(template: str) -> None:
    df = _awkward()
    profile = profile_frame(df)
    choose = random.Random(template)
    numbers = [column.name for column in profile.columns if column.kind in ("integer", "number")]
    for _ in range(4):
        one, other = choose.sample(numbers, 2)
        names = {"n": one, "m": other, "c": "Категория товара", "v": '"в{г}"'}
        question = template.format(**{key: f"`{name}`" if key != "v" else name for key, name in names.items()})
        planned = plan(question, profile)
        check(planned.code)
        check_reads_frame(planned.code)
        assert run(planned, df.copy(), draw=False).answer


@pytest.mark.parametrize("rows", [0, 1])
def test_code_runs_on_almost_empty_tables(rows: int) -> None:
    df = pd.DataFrame({"sales": [1.5], "region": ["x"], "date": pd.to_datetime(["2020-01-01"])}).head(rows)
    for question in ("total sales by region", "sales over time", "describe", "how many rows are there?"):
        try:
            planned = plan(question, profile_frame(df))
        except CannotAnswer:
            assert rows == 0
        else:
            assert run(planned, df.copy()).answer


def test_nothing_found_is_said() -> None:
    outcome = ask("seattle", "average wind in 2030")
    assert outcome.answer == "No rows where date is in 2030."
    assert outcome.axes == []


def test_misspelling_is_taken_with_a_warning() -> None:
    assert (
        '"preciptation" was read as the column precipitation.' in ask("seattle", "average preciptation").plan.warnings
    )


def test_assumed_aggregation_is_a_warning_in_the_language_of_the_question() -> None:
    assert ask("letters", "v по b").plan.warnings == ("Не сказано, как объединять v: взято среднее.",)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("shop", "сумма по регионам"),
        ("shop", "сумма выручки по регионам"),
        ("seattle", "precipitation by month"),
        ("gapminder", "income by region"),
        ("stocks", "which symbol had the highest price"),
        ("letters", "plot v over d"),
    ],
)
def test_natural_aggregation_is_no_warning(name: str, question: str) -> None:
    assert ask(name, question).plan.warnings == ()


def test_ambiguous_column_is_answered_for_both_with_a_warning() -> None:
    outcome = ask("seattle", "average temperature")
    assert outcome.plan.warnings == ('"temperature" was read as the column temp_max, temp_min.',)
    assert set(outcome.result.round(2)) == {16.44, 8.23}


def test_words_left_out_are_a_warning() -> None:
    assert any("Seattle" in warning for warning in ask("seattle", "average wind in Seattle").plan.warnings)


def test_rows_that_sum_up_the_others_are_a_warning() -> None:
    warnings = ask("disasters", "total deaths").plan.warnings
    assert any("All natural disasters" in warning for warning in warnings)
    named = ask("disasters", 'total deaths without "All natural disasters"').plan.warnings
    assert not any("looks like a total" in warning for warning in named)


def test_plan_names_its_columns_and_language() -> None:
    planned = ask("seattle", "средний ветер по погоде в 2014 году").plan
    assert set(planned.columns_used) == {"wind", "weather", "date"}
    assert planned.language == "ru"
    assert planned.summary.startswith("Вычисляет: среднее «wind» по «weather»")


@pytest.mark.parametrize(
    ("name", "question", "words"),
    [
        ("stocks", "max price for TSLA", "TSLA"),
        ("seattle", "average of the sky colour column", "colour"),
        ("seattle", "how many hot days were there?", "hot"),
        ("seattle", "days below freezing", "below"),
        ("seattle", "Какая столица Франции?", "в нём нет"),
        ("gapminder", "income by year", "no column of dates"),
        ("sensors", "correlation between humidity and pressure", "pressure"),
        ("stocks", "drop table users", "names nothing"),
        ("stocks", "delete from customers", "delete"),
    ],
)
def test_refusal_says_what_is_missing(name: str, question: str, words: str) -> None:
    with pytest.raises(CannotAnswer, match=words):
        ask(name, question)


def test_long_sentences_are_broken_into_lines() -> None:
    code = ask("seattle", "Построй график осадков по месяцам").plan.code
    assert max(len(line) for line in code.splitlines()) <= 120
