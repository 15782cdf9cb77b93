"""A question that is incomplete by itself changes the one before it."""

from analyzer.planner import plan
from analyzer.reading.profile import profile_frame
from tests.unit.planner.running import ask
from tests.unit.planner.tables import table
from warren.contracts.analyzer import Turn


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
