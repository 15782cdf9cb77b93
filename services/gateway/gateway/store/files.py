"""Uploaded files: rows here, bytes in the blob store."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.models import files
from gateway.problems import not_found
from warren.blobs import BlobStore
from warren.contracts.files import UploadedFile
from warren.database import Database

LONE_FILE_SECONDS = 24 * 3600
"""How long a file is kept that belongs to no session."""


async def add(
    connection: AsyncConnection, key_id: str, file: UploadedFile, session_id: str | None, expires_at: datetime | None
) -> sa.Row[Any]:
    """Keep the row of a file whose blob is stored. It lives as long as its session."""
    statement = files.insert().values(
        id=file.file_id,
        key_id=key_id,
        session_id=session_id,
        blob=file.blob,
        name=file.name,
        size=file.size,
        sha256=file.sha256,
        expires_at=expires_at or sa.func.now() + timedelta(seconds=LONE_FILE_SECONDS),
    )
    row: sa.Row[Any] = (await connection.execute(statement.returning(files))).one()
    return row


async def get(connection: AsyncConnection, key_id: str, file_id: str) -> sa.Row[Any]:
    """Raises a 404 `Problem`."""
    row = (
        await connection.execute(
            sa.select(files).where(files.c.id == file_id, files.c.key_id == key_id, files.c.expires_at > sa.func.now())
        )
    ).one_or_none()
    if row is None:
        raise not_found("file", file_id)
    return row


async def latest(connection: AsyncConnection, session_id: str) -> sa.Row[Any] | None:
    """The file a follow-up question is about."""
    return (
        await connection.execute(
            sa.select(files).where(files.c.session_id == session_id).order_by(files.c.id.desc()).limit(1)
        )
    ).one_or_none()


async def end(connection: AsyncConnection, condition: sa.ColumnElement[bool]) -> None:
    """Let these files be gone for everybody; `purge()` deletes them."""
    await connection.execute(files.update().where(condition).values(expires_at=sa.func.now()))


async def purge(
    database: Database, blobs: BlobStore, condition: sa.ColumnElement[bool] | None = None, limit: int = 100
) -> int:
    """Delete files whose time is over, up to `limit`: first the bytes, then the rows, so that none is left behind
    whatever dies in between. Returns how many."""
    late = sa.select(files.c.id, files.c.blob).where(files.c.expires_at <= sa.func.now())
    if condition is not None:
        late = late.where(condition)
    async with database.transaction() as connection:
        rows = (await connection.execute(late.limit(limit).with_for_update(skip_locked=True))).all()
        for row in rows:
            await blobs.delete(row.blob)
        await connection.execute(files.delete().where(files.c.id.in_([row.id for row in rows])))
    return len(rows)


def as_upload(row: sa.Row[Any]) -> UploadedFile:
    return UploadedFile(file_id=row.id, blob=row.blob, name=row.name, size=row.size, sha256=row.sha256)
