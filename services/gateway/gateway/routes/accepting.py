"""Accept what a request asks for as a job."""

from typing import Any

import sqlalchemy as sa
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import views
from gateway.answers import Answer
from gateway.models import jobs
from gateway.once import Created, create_once
from gateway.service import Gateway
from gateway.store.keys import ApiKey
from warren.contracts.base import JobPayload


async def accept_job(
    request: Request, gateway: Gateway, key: ApiKey, payload: JobPayload, content: dict[str, Any]
) -> Answer:
    """202 and the job, once for each `Idempotency-Key`; `content` is what makes two requests the same.

    Raises `Problem`s.
    """

    async def accept(connection: AsyncConnection) -> Created:
        row = await gateway.insert(connection, payload, key.id)
        kept = (await connection.execute(sa.select(jobs).where(jobs.c.id == row["id"]))).one()
        return Created(views.job(kept), 202, f"/v1/jobs/{row['id']}", lambda: gateway.publish(row))

    return await create_once(gateway, request, key.id, content, accept)
