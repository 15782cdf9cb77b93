"""Answers in JSON of a given shape: a reply that does not fit is sent back once, with what is wrong about it."""

import asyncio
import re
from collections.abc import Sequence
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError

from warren.contracts.usage import Usage
from warren.llm.client import ChatMessage, LlmClient
from warren.llm.errors import LlmInvalidReply
from warren.llm.reply import Completion

S = TypeVar("S", bound=BaseModel)

SHOWN_ERRORS = 5
_THOUGHTS = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)

log = structlog.get_logger(__name__)


def without_thoughts(reply: str) -> str:
    """What a model says to us, without what it said to itself."""
    return _THOUGHTS.sub("", reply)


async def ask_for(
    shape: type[S],
    client: LlmClient,
    messages: Sequence[ChatMessage],
    *,
    purpose: str,
    prompt_version: str,
    max_tokens: int,
    patience: float | None = None,
    places: asyncio.Semaphore | None = None,
) -> tuple[S, Usage]:
    """A reply to `messages` as `shape`, and what it cost. The other arguments are those of `LlmClient.complete`.

    A first reply that does not fit is remembered too, and so not paid for again; a second one is not, so that who asks
    later has another chance. Raises `LlmInvalidReply` if neither fits, and what `complete` does.
    """

    async def ask(asked: Sequence[ChatMessage], *, last: bool) -> Completion:
        return await client.complete(
            asked,
            purpose=purpose,
            prompt_version=prompt_version,
            remember=(lambda reply: isinstance(_read(shape, reply), shape)) if last else True,
            max_tokens=max_tokens,
            patience=patience,
            places=places,
        )

    first = await ask(messages, last=False)
    found = _read(shape, first)
    if isinstance(found, shape):
        return found, first.usage
    log.info("llm_reply_repaired", purpose=purpose, problem=found)
    repair = f"That cannot be used: {found} Reply with the whole JSON object, and nothing else."
    second = await ask(
        [*messages, {"role": "assistant", "content": first.text}, {"role": "user", "content": repair}], last=True
    )
    usage = first.usage + second.usage
    found = _read(shape, second)
    if isinstance(found, shape):
        return found, usage
    raise LlmInvalidReply(client.provider, f"The model's reply cannot be used: {found}", usage=usage)


def _read(shape: type[S], completion: Completion) -> S | str:
    """What the reply says, or what is wrong about it."""
    if completion.truncated:
        return "it was cut off at the output limit."
    found = _OBJECT.search(without_thoughts(completion.text))
    if found is None:
        return "it holds no JSON object."
    try:
        return shape.model_validate_json(found.group())
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)[:SHOWN_ERRORS]
        return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'JSON'}: {each['msg']}" for each in problems) + "."
