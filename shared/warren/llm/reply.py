"""Reading what an endpoint sent: the SDK's own models validate nothing, so nonsense would surface much later."""

from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError

from warren.llm.failures import UnexpectedReply


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model said. `model` is the one that really answered; `truncated`: it ran into the output limit."""

    text: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    truncated: bool = False

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class _ReplyMessage(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _ReplyMessage
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Error(BaseModel):
    code: int | str | None = None


class _Reply(BaseModel):
    choices: list[_Choice] = Field(default_factory=list)
    model: str | None = None
    usage: _Usage | None = None
    error: _Error | None = None


def read_reply(body: bytes, asked: str) -> Completion:
    """The first choice of a chat completion; `asked` is the model's name where the reply has none.

    Raises `UnexpectedReply` for anything else: a proxy's page, half a JSON document, a provider's error inside a 200.
    """
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError:
        raise UnexpectedReply from None
    if not reply.choices:
        code = reply.error.code if reply.error else None
        raise UnexpectedReply(code if isinstance(code, int) else None)
    choice, usage = reply.choices[0], reply.usage or _Usage()
    return Completion(
        # PostgreSQL stores no NUL, and what a model says ends up in a job's result.
        text=(choice.message.content or "").replace("\0", ""),
        model=reply.model or asked,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        truncated=choice.finish_reason == "length",
    )
