"""Files: `/v1/files`."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import models, schemas, uploads, views
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.openapi import ID_PATTERN, IDEMPOTENT, answers, errors, form_body
from gateway.store import files, sessions

router = APIRouter(prefix="/v1/files", tags=["files"])

FileId = Annotated[str, Path(pattern=ID_PATTERN)]


class FileForm(BaseModel):
    """A file to keep."""

    session_id: str | None = Field(None, max_length=100, description="Session it belongs to")


@router.post(
    "",
    status_code=201,
    summary="Upload a file",
    responses=answers(schemas.File, 201) | errors(400, 404, 409, 410, 413, 415),
    openapi_extra=form_body(FileForm, file_required=True) | {"parameters": [IDEMPOTENT]},
)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """Up to 100 MB. With a session it lives as long as that, else for a day."""
    # The body is read here and not by FastAPI, which would do it before it asks who calls.
    async with uploads.form_with_file(request, gateway) as (fields, stored):
        session_id = fields.get("session_id")

        async def add(connection: AsyncConnection) -> Created:
            expires_at = None
            if session_id:
                session = await sessions.use(connection, key.id, session_id, gateway.settings.session_expire_seconds)
                expires_at = session.expires_at
            row = await files.add(connection, key.id, stored.file, session_id, expires_at)

            def committed() -> None:
                stored.used = True

            return Created(views.file(row), 201, f"/v1/files/{row.id}", committed)

        content = {"sha256": stored.file.sha256, "name": stored.file.name, "session_id": session_id}
        return await create_once(gateway, request, key.id, content, add)


@router.get("/{file_id}", summary="Look at a file", responses=answers(schemas.File, 200) | errors(404))
async def get(file_id: FileId, gateway: Parts, key: Caller) -> Response:
    async with gateway.database.transaction() as connection:
        return Answer(views.file(await files.get(connection, key.id, file_id)))


@router.delete("/{file_id}", status_code=204, summary="Delete a file", responses=errors(404))
async def delete(file_id: FileId, gateway: Parts, key: Caller) -> None:
    async with gateway.database.transaction() as connection:
        await files.get(connection, key.id, file_id)
        await files.end(connection, models.files.c.id == file_id)
    await files.purge(gateway.database, gateway.blobs, models.files.c.id == file_id)
