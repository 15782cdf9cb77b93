"""Every question of `questions/*.txt` is answered as pandas answers it, or refused."""

import numpy as np
import pandas as pd
import pytest

from analyzer.honesty import check_reads_frame
from analyzer.planner import CannotAnswer
from analyzer.sandbox.zygote.gate import check

from .cases import Case, load
from .running import agrees, ask
from .tables import table

CASES = [*load("development"), *load("blind")]
ANSWERED = [case for case in CASES if case.expected != "CANNOT"]
REFUSED = [case for case in CASES if case.expected == "CANNOT"]


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_answer_is_what_pandas_says(case: Case) -> None:
    outcome = ask(case.table, *case.questions, draw=False)
    check(outcome.plan.code)
    check_reads_frame(outcome.plan.code)
    assert outcome.answer
    expected = eval(case.expected, {"df": table(case.table), "pd": pd, "np": np})
    assert expected is None or agrees(outcome, expected), outcome.answer


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_question_about_something_else_is_refused(case: Case) -> None:
    with pytest.raises(CannotAnswer) as refusal:
        ask(case.table, *case.questions)
    columns = tuple(table(case.table).columns)
    assert refusal.value.columns == columns
    assert all(column in refusal.value.message for column in columns[:3])
