"""Whatever is asked, there is a plan that runs or a refusal a person can read."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.planner import CannotAnswer, Plan, plan
from analyzer.planner.lexicon import lexicon
from analyzer.reading.profile import profile_frame
from analyzer.sandbox.zygote.gate import check
from warren.contracts.analyzer import Turn

from .running import run
from .tables import table

SALES = table("sales")
PROFILE = profile_frame(SALES)
PROFILE_COLUMNS = tuple(SALES.columns)
NAMES = (*SALES.columns, "North", "Laptop", "Ann Lee", "2022", "March 2023", "5", "1000", '"nobody"', ",", "?")
WORDS = sorted({" ".join(phrase) for phrase in (*lexicon().cues, *lexicon().concepts)})

questions = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(NAMES)), min_size=1, max_size=7).map(" ".join)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(questions, min_size=1, max_size=3))
def test_any_words_in_any_order_are_planned_or_refused(dialog: list[str]) -> None:
    turns = [Turn(question=question, answer="") for question in dialog[:-1]]
    planned = _plan_or_refusal(dialog[-1], turns)
    if isinstance(planned, CannotAnswer):
        assert "OrderID" in planned.message
    else:
        check(planned.code)
        assert run(planned, SALES.copy(), draw=False).answer


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_is_planned_or_refused(question: str) -> None:
    planned = _plan_or_refusal(question, [])
    assert planned.columns == PROFILE_COLUMNS if isinstance(planned, CannotAnswer) else planned.code


def _plan_or_refusal(question: str, turns: list[Turn]) -> Plan | CannotAnswer:
    try:
        return plan(question, PROFILE, turns)
    except CannotAnswer as refusal:
        return refusal
