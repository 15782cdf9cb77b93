"""A question that is incomplete by itself changes the one before it."""

from analyzer.planner import plan
from analyzer.reading.profile import profile_frame
from warren.contracts.analyzer import Turn

from .running import ask
from .tables import table


def test_condition_replaces_the_one_on_the_same_column() -> None:
    outcome = ask("sales", "revenue by product in 2022", "only in the North", "and in the South")
    assert "Region is South" in outcome.answer
    assert "2022" in outcome.answer
    assert "North" not in outcome.answer


def test_category_replaces_category_and_keeps_the_period() -> None:
    before = ask("sales", "monthly revenue by region")
    after = ask("sales", "monthly revenue by region", "now by category")
    assert list(before.result.columns) == ["East", "North", "South", "West"]
    assert list(after.result.columns) == ["Audio", "Computers", "Mobile"]
    assert list(after.result.index) == list(before.result.index)


def test_aggregation_replaces_aggregation() -> None:
    outcome = ask("hr", "average salary by department", "and the median?")
    assert outcome.answer.startswith("Median AnnualSalary by Department")


def test_chart_changes_and_the_numbers_stay() -> None:
    before = ask("shop", "Сумма по регионам")
    after = ask("shop", "Сумма по регионам", "в виде круговой диаграммы")
    assert before.answer == after.answer
    assert type(after.axes[0].patches[0]).__name__ == "Wedge"


def test_complete_question_starts_anew() -> None:
    outcome = ask("sales", "revenue by region in 2022", "average discount by product")
    assert "2022" not in outcome.answer
    assert outcome.answer.startswith("Mean Discount by Product")


def test_unreadable_question_in_between_is_passed_over() -> None:
    outcome = ask("sales", "revenue by region", "what is the capital of France?", "as a pie chart")
    assert outcome.answer.startswith("Total Revenue by Region")


def test_answers_and_code_of_the_history_are_not_needed() -> None:
    turns = (Turn(question="revenue by region", answer="anything", code="raise SystemExit"),)
    planned = plan("only laptops", profile_frame(table("sales")), turns)
    assert 'df["Product"] == "Laptop"' in planned.code


def test_column_name_alone_goes_on_in_the_language_of_the_dialog() -> None:
    turns = (Turn(question="средний ветер по погоде", answer=""),)
    assert plan("temp_max?", profile_frame(table("seattle")), turns).language == "ru"


def test_when_was_it_finds_the_moment_of_the_maximum() -> None:
    outcome = ask("stocks", "max price of AAPL", "when was it?")
    assert outcome.answer == "The highest price where symbol is AAPL is 223.02: 2010-03."


def test_which_is_the_highest_picks_from_the_groups_before() -> None:
    outcome = ask("seattle", "total precipitation by month", "which one is the highest?")
    assert outcome.answer.startswith("December 2015 (2015-12): 284.5")


def test_too_adds_a_value_or_a_measure() -> None:
    assert set(ask("stocks", "average price by symbol for AAPL", "and MSFT too").result.index) == {"AAPL", "MSFT"}
    assert list(ask("seattle", "average wind by weather", "temp_max as well").result.columns) == [
        "mean wind",
        "mean temp_max",
    ]


def test_compare_with_another_period_tells_them_apart() -> None:
    outcome = ask("stocks", "average price of AAPL in 2005", "compare with 2006")
    assert outcome.result.round(2).to_dict() == {2005: 48.17, 2006: 72.04}


def test_other_end_of_the_ranking() -> None:
    lowest = table("gapminder").nsmallest(3, "income")["country"].tolist()
    assert ask("gapminder", "top 3 countries by income", "and the lowest?").result["country"].tolist() == lowest
