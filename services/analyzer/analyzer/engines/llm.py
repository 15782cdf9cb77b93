"""The engine that asks a language model."""

from collections.abc import Sequence

from analyzer.engines.base import Proposal
from analyzer.engines.prompt import write_prompt
from analyzer.engines.reply import CANNOT_ANSWER, extract_code, extract_refusal
from analyzer.frames import FrameProfile
from analyzer.planner import language_of
from warren.contracts.analyzer import Attempt, Turn
from warren.llm import Completion, LlmClient

SHOWN_COLUMNS = 20


class LlmEngine:
    """Has a model write the code, and repair it when it failed."""

    repairs = True

    def __init__(self, client: LlmClient) -> None:
        self._client = client

    @property
    def name(self) -> str:
        return f"llm:{self._client.model}"

    async def propose(
        self, question: str, profile: FrameProfile, history: Sequence[Turn], failures: Sequence[Attempt]
    ) -> Proposal:
        """One completion. Raises `LlmError`."""
        messages = write_prompt(question, profile, history, failures)
        completion = await self._client.complete(messages, purpose="analyzer.csv")
        return _read(completion, question, profile)


def _read(completion: Completion, question: str, profile: FrameProfile) -> Proposal:
    code = unanswerable = problem = ""
    if completion.truncated:
        problem = "The reply was cut off at the output limit. Write shorter code."
    elif not (code := extract_code(completion.text)):
        if reason := extract_refusal(completion.text):
            unanswerable = f"{reason} {_columns_sentence(question, profile)}"
        else:
            problem = f"The reply had neither one fenced block of Python nor a line {CANNOT_ANSWER}"
    return Proposal(
        code=code,
        unanswerable=unanswerable,
        problem=problem,
        usage=completion.usage,
    )


def _columns_sentence(question: str, profile: FrameProfile) -> str:
    names = ", ".join(column.name for column in profile.columns[:SHOWN_COLUMNS])
    more = ", …" if len(profile.columns) > SHOWN_COLUMNS else "."
    russian = language_of(question, profile) == "ru"
    return (f"В файле есть столбцы: {names}" if russian else f"The file has the columns {names}") + more
