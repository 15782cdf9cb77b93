"""Reading what an endpoint sent: the SDK's own models validate nothing, so nonsense would surface much later."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warren.contracts.usage import Usage
from warren.llm.failures import UnexpectedReply


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model said. `model` is the one that really answered; `truncated`: it ran into the output limit.

    `cost` is what the endpoint says, or comes from the prices in the settings. A `cached` one was remembered: it took
    no request, and counts as no tokens and no money.
    """

    text: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    truncated: bool = False
    cost: float = 0.0
    cached: bool = False

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def usage(self) -> Usage:
        """For the result of the job that asked."""
        if self.cached:
            return Usage(cached=1)
        return Usage(
            requests=1,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost=self.cost,
        )


class _ReplyMessage(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    content: str | None = None


class _Choice(BaseModel):
    message: _ReplyMessage
    finish_reason: str | None = None


class _Usage(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    """OpenRouter tells it."""


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
        text=_clean(choice.message.content),
        model=reply.model or asked,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        truncated=choice.finish_reason == "length",
        cost=usage.cost or 0.0,
    )


class _StreamedChoice(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    delta: _ReplyMessage
    finish_reason: str | None = None


class _Chunk(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    choices: list[_StreamedChoice] = Field(default_factory=list)
    model: str | None = None
    usage: _Usage | None = None


class StreamedReply:
    """Puts a streamed completion together. `asked` is the model's name where the stream has none."""

    def __init__(self, asked: str) -> None:
        self.text = ""
        self._model = asked
        self._usage = _Usage()
        self._finished: str | None = None

    def add(self, chunk: object) -> str:
        """The text that a chunk (of the SDK's) brings, which may be none. Raises `UnexpectedReply`."""
        try:
            read = _Chunk.model_validate(chunk)
        except ValidationError:
            raise UnexpectedReply from None
        self._model, self._usage = read.model or self._model, read.usage or self._usage
        if not read.choices:
            return ""
        self._finished = read.choices[0].finish_reason or self._finished
        part = _clean(read.choices[0].delta.content)
        self.text += part
        return part

    def completion(self) -> Completion:
        """All of it. Raises `UnexpectedReply` if the stream broke off."""
        if self._finished is None:
            raise UnexpectedReply
        return Completion(
            text=self.text,
            model=self._model,
            prompt_tokens=self._usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens,
            truncated=self._finished == "length",
            cost=self._usage.cost or 0.0,
        )


def _clean(text: str | None) -> str:
    """PostgreSQL stores no NUL, and what a model says ends up in a job's result."""
    return (text or "").replace("\0", "")
