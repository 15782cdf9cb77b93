"""Ask a question about a file: everything between a parsed request and an accepted job."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import bodies, uploads
from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store import files, sessions
from gateway.store.keys import ApiKey
from gateway.uploads import Stored
from warren.contracts.analyzer import CsvAnalysis
from warren.contracts.files import UploadedFile


class AnalysisRequest(BaseModel):
    """A question about a table. Send it as JSON, or as a form with the file beside it."""

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    session_id: str | None = Field(None, max_length=100, description="Dialog to go on with; a new one when empty")
    file_id: str | None = Field(
        None, max_length=100, description="File from `POST /v1/files`; the session's latest when empty"
    )
    sheet: str | None = Field(None, max_length=200, description="Worksheet of an Excel file")
    engine: Literal["auto", "local", "llm"] = "auto"


@asynccontextmanager
async def received(request: Request, gateway: Gateway) -> AsyncIterator[tuple[AnalysisRequest, Stored | None]]:
    """The request's fields and its stored file. Raises 400, 413, 415 and 422 `Problem`s."""
    kind = bodies.media_type(request)
    if kind == bodies.JSON:
        yield await bodies.read(request, AnalysisRequest), None
        return
    if kind not in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        raise Problem(415, "request.media_type", "Send multipart/form-data with a file, or application/json.")
    async with uploads.form(request, gateway) as (fields, stored):
        yield bodies.validated(AnalysisRequest, fields), stored


async def accept(
    connection: AsyncConnection, gateway: Gateway, key: ApiKey, asked: AnalysisRequest, kept: UploadedFile | None
) -> dict[str, Any]:
    """Add the analysis as a job, in the session it belongs to. Returns the job's row. Raises `Problem`s."""
    lifetime = gateway.settings.session_expire_seconds
    if asked.session_id:
        session = await sessions.use(connection, key.id, asked.session_id, lifetime)
    else:
        session = await sessions.create(connection, key.id, lifetime)
    if kept is not None:
        await files.add(connection, key.id, kept, session.id, session.expires_at)
    file = kept or await _known_file(connection, key, asked, session.id)
    payload = CsvAnalysis(
        file=file,
        question=asked.question,
        sheet=asked.sheet,
        engine=asked.engine,
        history=await sessions.history(connection, session.id),
    )
    return await gateway.insert(connection, payload, key.id, session.id)


async def _known_file(
    connection: AsyncConnection, key: ApiKey, asked: AnalysisRequest, session_id: str
) -> UploadedFile:
    if asked.file_id:
        return files.as_upload(await files.get(connection, key.id, asked.file_id))
    row = await files.latest(connection, session_id)
    if row is None:
        raise Problem(
            422, "file.missing", "/file: send a file, a file_id, or the session_id of a session that has one."
        )
    return files.as_upload(row)
