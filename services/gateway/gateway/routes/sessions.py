"""Sessions: `/v1/sessions`."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import models, schemas, views
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.openapi import ID_PATTERN, IDEMPOTENT, answers, errors
from gateway.store import files, sessions

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

SessionId = Annotated[str, Path(pattern=ID_PATTERN)]


@router.post(
    "",
    status_code=201,
    summary="Start a session",
    responses=answers(schemas.Session, 201) | errors(409),
    openapi_extra={"parameters": [IDEMPOTENT]},
)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """A session keeps files and the dialog about them. Each use prolongs it; afterwards its files are deleted."""

    async def start(connection: AsyncConnection) -> Created:
        row = await sessions.create(connection, key.id, gateway.settings.session_expire_seconds)
        return Created(views.session(row), location=f"/v1/sessions/{row.id}")

    return await create_once(gateway, request, key.id, {}, start)


@router.get("/{session_id}", summary="Look at a session", responses=answers(schemas.Session, 200) | errors(404, 410))
async def get(session_id: SessionId, gateway: Parts, key: Caller) -> Response:
    async with gateway.database.transaction() as connection:
        return Answer(views.session(await sessions.get(connection, key.id, session_id)))


@router.delete(
    "/{session_id}", status_code=204, summary="End a session and delete its files", responses=errors(404, 410)
)
async def delete(session_id: SessionId, gateway: Parts, key: Caller) -> None:
    async with gateway.database.transaction() as connection:
        await sessions.get(connection, key.id, session_id)
        await sessions.end(connection, [session_id])
    while await files.purge(gateway.database, gateway.blobs, models.files.c.session_id == session_id):
        pass
