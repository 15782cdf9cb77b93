"""Accept what a request asks for as a job."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import views
from gateway.answers import Answer
from gateway.once import HEADER, Created, create_once
from gateway.service import Gateway
from gateway.store.keys import ApiKey
from warren.contracts.base import JobPayload


async def accept_job(
    request: Request, gateway: Gateway, key: ApiKey, payload: JobPayload, content: dict[str, Any]
) -> Answer:
    """202 and the job, once for each `Idempotency-Key`; `content` is what makes two requests the same.

    Raises `Problem`s.
    """
    if HEADER not in request.headers:
        return accepted(await gateway.submit(payload, key.id)).answer()

    async def accept(connection: AsyncConnection) -> Created:
        row = await gateway.insert(connection, payload, key.id)
        return accepted(row, lambda: gateway.publish(row))

    return await create_once(gateway, request, key.id, content, accept)


def accepted(row: dict[str, Any], after_commit: Callable[[], Any] = lambda: None) -> Created:
    """The answer to a request whose job has this new row, and what is to be done once that is committed."""
    return Created(views.new_job(row), 202, f"/v1/jobs/{row['id']}", after_commit)
