"""Create something once: in one transaction, and at most once for each `Idempotency-Key`."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from pydantic_core import to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.answers import Answer
from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store import idempotency

HEADER = "Idempotency-Key"
KEY_PATTERN = "^[!-~]{1,255}$"


@dataclass(frozen=True)
class Created:
    """What was created: the answer to give, and what to do once it is committed."""

    body: dict[str, Any]
    status: int = 201
    location: str | None = None
    after_commit: Callable[[], Any] = lambda: None

    def answer(self, **headers: str) -> Answer:
        location = {"Location": self.location} if self.location else {}
        return Answer(self.body, self.status, {**headers, **location})


Create = Callable[[AsyncConnection], Awaitable[Created]]


async def create_once(
    gateway: Gateway, request: Request, key_id: str, content: dict[str, Any], create: Create
) -> Answer:
    """The answer of `create`, or that of the first request with the same key.

    `content` is what makes two requests the same. Raises a 409 `Problem` while the first is in flight, 422 if the key
    came with another content.
    """
    key = request.headers.get(HEADER)
    if key is None:
        async with gateway.database.transaction() as connection:
            created = await create(connection)
        created.after_commit()
        return created.answer()
    if not re.fullmatch(KEY_PATTERN, key):
        raise Problem(422, "idempotency_key.invalid", f"{HEADER} has 1 to 255 ASCII characters without spaces.")
    fingerprint = _fingerprint(request, content)
    async with gateway.database.transaction() as connection:
        first = await idempotency.claim(connection, key_id, key, fingerprint)
    if first is not None:
        return _repeat(first, fingerprint)
    try:
        async with gateway.database.transaction() as connection:
            created = await create(connection)
            body = to_jsonable_python(created.body)
            await idempotency.answer(
                connection, key_id, key, status=created.status, response=body, location=created.location
            )
    except BaseException:
        async with gateway.database.transaction() as connection:
            await idempotency.release(connection, key_id, key)
        raise
    created.after_commit()
    return created.answer()


def _repeat(first: Any, fingerprint: str) -> Answer:
    if first.fingerprint != fingerprint:
        raise Problem(422, "idempotency_key.reused", f"This {HEADER} came before with another request.")
    if first.status is None:
        raise Problem(
            409, "idempotency_key.in_flight", "The first request is still in flight.", headers={"Retry-After": "1"}
        )
    return Created(first.response, first.status, first.location).answer(**{"Idempotency-Replayed": "true"})


def _fingerprint(request: Request, content: dict[str, Any]) -> str:
    text = json.dumps([request.method, request.url.path, content], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
