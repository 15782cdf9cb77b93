"""Read the body of a request once its caller is known: as one JSON document, or as lines of JSON while they come in."""

import re
from collections.abc import AsyncIterator
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from gateway.problems import Problem, invalid

JSON = "application/json"
LINES = ("application/x-ndjson", "application/jsonl")

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The character that PostgreSQL does not store, as JSON writes it."""

M = TypeVar("M", bound=BaseModel)


def media_type(request: Request) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def read(request: Request, model: type[M]) -> M:
    """The JSON body. Raises a 415 `Problem` for another media type, 422 that points at each field that does not fit."""
    if media_type(request) != JSON:
        raise Problem(415, "request.media_type", f"Send {JSON}.")
    return parsed(model, await request.body())


async def read_optional(request: Request, model: type[M]) -> M:
    """Like `read`, for what may be left out altogether."""
    if not await request.body():
        return model()
    return await read(request, model)


def parsed(model: type[M], data: bytes) -> M:
    """JSON, whose numbers are no texts and whose texts are no numbers. Raises a 422 `Problem`."""
    if _NUL.search(data):
        raise Problem(422, "request.invalid", "There is a NUL character, which cannot be stored.")
    try:
        return model.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from None


def validated(model: type[M], fields: Any) -> M:
    """The fields of a form, which are texts. Raises a 422 `Problem` that points at each that does not fit."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from None


async def lines(request: Request, max_bytes: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """The lines of the body with their numbers, from 1, as they come in; empty ones are left out.

    A line of more than `max_bytes` is told as None, and never held in memory.
    """
    number, held, too_long = 1, bytearray(), False
    async for chunk in request.stream():
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            if too_long or len(held) + len(part) > max_bytes:
                yield number, None
            elif line := (bytes(held) + part).strip():
                yield number, line
            number, too_long = number + 1, False
            held.clear()
        too_long = too_long or len(held) + len(rest) > max_bytes
        if too_long:
            held.clear()
        else:
            held += rest
    if too_long:
        yield number, None
    elif last := bytes(held).strip():
        yield number, last
