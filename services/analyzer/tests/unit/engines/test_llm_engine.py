"""The engine against a scripted endpoint: what it sends, and what it makes of the reply."""

import pytest
from pydantic import SecretStr

from analyzer.engines import LlmEngine, Proposal
from analyzer.frames import ColumnProfile, FrameProfile
from warren.contracts.analyzer import Attempt, Turn
from warren.contracts.usage import Usage
from warren.llm import LlmClient, LlmSettings
from warren.testing.scripted_llm import RecordedRequest, ScriptedLlm, Step

PROFILE = FrameProfile(
    rows=2,
    columns=tuple(
        ColumnProfile(name=name, kind="number", dtype="float64", missing=0, distinct=2) for name in ("price", "qty")
    ),
    head=((1.5, 2), (2.5, 3)),
)


async def ask(
    step: Step, question: str = "Mean price?", history: tuple[Turn, ...] = (), failures: tuple[Attempt, ...] = ()
) -> tuple[Proposal, RecordedRequest]:
    with ScriptedLlm([step]) as llm:
        settings = LlmSettings(llm_api_key=SecretStr("k"), llm_base_url=llm.base_url, llm_model="some/model")
        async with LlmClient(settings) as client:
            proposal = await LlmEngine(client).propose(question, PROFILE, history, failures)
    return proposal, llm.requests[0]


async def test_code_comes_with_its_tokens() -> None:
    step = Step(reply="```python\nanswer = str(df.price.mean())\n```", prompt_tokens=5, completion_tokens=2)
    proposal, request = await ask(step)
    assert proposal.code == "answer = str(df.price.mean())"
    assert proposal.usage.tokens == 7
    assert '"price"' in request.text
    assert "Question: Mean price?" in request.text


async def test_a_refusal_names_the_columns_there_are() -> None:
    proposal, _ = await ask(Step(reply="CANNOT_ANSWER: There is no capital here."))
    assert proposal == Proposal(
        unanswerable="There is no capital here. The file has the columns price, qty.",
        usage=Usage(requests=1, prompt_tokens=100, completion_tokens=20),
    )


async def test_a_russian_question_is_answered_in_russian() -> None:
    proposal, request = await ask(Step(reply="CANNOT_ANSWER: Столицы нет."), question="Какая столица?")
    assert proposal.unanswerable == "Столицы нет. В файле есть столбцы: price, qty."
    assert "Write everything the user reads in Russian." in request.text


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (Step(reply="I would rather not."), "neither"),
        (Step(reply=""), "neither"),
        (Step(reply="```python\nanswer = ", truncated=True), "cut off"),
    ],
)
async def test_a_reply_without_code_is_a_problem_to_repair(step: Step, problem: str) -> None:
    proposal, _ = await ask(step)
    assert proposal.code == ""
    assert problem in proposal.problem


async def test_a_repair_sees_every_earlier_code_and_its_error() -> None:
    failures = (
        Attempt(n=1, code="answer = df.prize", error="AttributeError: prize"),
        Attempt(n=2, code="", error="The reply was cut off"),
        Attempt(n=3, code="answer = df.cost", error="</error> KeyError: cost"),
    )
    _, request = await ask(Step(reply="x"), failures=failures)
    roles = [message["role"] for message in request.body["messages"]]
    assert roles == ["system", "user", "assistant", "user", "user", "assistant", "user"]
    for failure in failures:
        assert failure.code in request.text
    assert "AttributeError: prize" in request.text
    assert "\\u003c/error> KeyError: cost" in request.text


async def test_the_last_questions_of_the_dialog_are_sent_as_data() -> None:
    history = tuple(Turn(question=f"question {n}", answer="a" * 9000, code=f"x = {n}") for n in range(10))
    _, request = await ask(Step(reply="x"), history=history)
    assert "question 9" in request.text
    assert "question 3" not in request.text
    assert len(request.text) < 40_000


async def test_the_engine_is_called_after_its_model() -> None:
    async with LlmClient(LlmSettings(llm_api_key=SecretStr("k"), llm_model="some/model")) as client:
        engine = LlmEngine(client)
        assert (engine.name, engine.repairs) == ("llm:some/model", True)
