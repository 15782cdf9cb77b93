"""Sessions: `/v1/sessions`."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import views
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.store import sessions

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


@router.post("", status_code=201, summary="Start a session")
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """A session keeps files and the dialog about them. Each use prolongs it; afterwards its files are deleted."""

    async def start(connection: AsyncConnection) -> Created:
        row = await sessions.create(connection, key.id, gateway.settings.session_expire_seconds)
        return Created(views.session(row), location=f"/v1/sessions/{row.id}")

    return await create_once(gateway, request, key.id, {}, start)


@router.get("/{session_id}", summary="Look at a session")
async def get(session_id: str, gateway: Parts, key: Caller) -> dict[str, Any]:
    async with gateway.database.transaction() as connection:
        return views.session(await sessions.get(connection, key.id, session_id))


@router.delete("/{session_id}", status_code=204, summary="End a session and delete its files")
async def delete(session_id: str, gateway: Parts, key: Caller) -> None:
    async with gateway.database.transaction() as connection:
        await sessions.get(connection, key.id, session_id)
        blobs = await sessions.end(connection, session_id)
    for blob in blobs:
        await gateway.blobs.delete(blob)
