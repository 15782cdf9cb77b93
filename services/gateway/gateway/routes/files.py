"""Files: `/v1/files`."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import uploads, views
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.store import files, sessions

router = APIRouter(prefix="/v1/files", tags=["files"])


@router.post("", status_code=201, summary="Upload a file")
async def create(
    request: Request, gateway: Parts, key: Caller, file: UploadFile, session_id: Annotated[str | None, Form()] = None
) -> Response:
    """Up to 100 MB. With a session it lives as long as that, else for a day."""
    kept = await uploads.keep(file, gateway.blobs, gateway.settings.max_upload_bytes)

    async def add(connection: AsyncConnection) -> Created:
        expires_at = None
        if session_id:
            session = await sessions.use(connection, key.id, session_id, gateway.settings.session_expire_seconds)
            expires_at = session.expires_at
        await files.add(connection, key.id, kept, session_id, expires_at)
        return Created(views.file(kept, session_id), location=f"/v1/files/{kept.file_id}")

    content = {"sha256": kept.sha256, "name": kept.name, "session_id": session_id}
    return await create_once(gateway, request, key.id, content, add)


@router.get("/{file_id}", summary="Look at a file")
async def get(file_id: str, gateway: Parts, key: Caller) -> dict[str, Any]:
    async with gateway.database.transaction() as connection:
        row = await files.get(connection, key.id, file_id)
    return views.file(files.as_upload(row), row.session_id)


@router.delete("/{file_id}", status_code=204, summary="Delete a file")
async def delete(file_id: str, gateway: Parts, key: Caller) -> None:
    async with gateway.database.transaction() as connection:
        row = await files.get(connection, key.id, file_id)
        await files.remove(connection, file_id)
    await gateway.blobs.delete(row.blob)
