"""Ask a question about a file: everything between a parsed request and an accepted job."""

from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import UploadFile

from gateway import uploads
from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store import files, sessions
from gateway.store.keys import ApiKey
from warren.contracts.analyzer import CsvAnalysis, UploadedFile

MAX_FORM_FIELDS = 20


class AnalysisRequest(BaseModel):
    """What a client sends; as JSON, or as a form with the file beside it."""

    question: str = Field(min_length=1, max_length=10_000)
    session_id: str | None = Field(None, max_length=100, description="Dialog to go on with; a new one when empty")
    file_id: str | None = Field(
        None, max_length=100, description="File from `POST /v1/files`; the session's latest when empty"
    )
    sheet: str | None = Field(None, max_length=200, description="Worksheet of an Excel file")
    engine: Literal["auto", "local", "llm"] = "auto"


async def parse(request: Request) -> tuple[AnalysisRequest, UploadFile | None]:
    """The request's fields and its file. Raises 415 and 422 `Problem`s."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        try:
            return validated(await request.json()), None
        except ValueError as error:
            raise Problem(422, "request.invalid", f"The body is not JSON: {error}") from None
    if kind not in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        raise Problem(415, "request.media_type", "Send multipart/form-data with a file, or application/json.")
    form = await request.form(max_files=1, max_fields=MAX_FORM_FIELDS)
    upload = form.get("file")
    fields = {name: value for name, value in form.items() if isinstance(value, str) and value != ""}
    if isinstance(upload, str) and upload:
        raise Problem(422, "request.invalid", "/file: send a file, not text.")
    return validated(fields), upload if isinstance(upload, UploadFile) else None


def validated(fields: Any) -> AnalysisRequest:
    """Raises a 422 `Problem` that points at each field that does not fit."""
    try:
        return AnalysisRequest.model_validate(fields)
    except ValidationError as error:
        errors = [
            {"pointer": "/" + "/".join(map(str, item["loc"])), "detail": item["msg"], "code": item["type"]}
            for item in error.errors(include_url=False)
        ]
        detail = "; ".join(f"{item['pointer']}: {item['detail']}" for item in errors[:3])
        raise Problem(422, "request.invalid", detail, errors=errors) from None


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


async def keep_upload(gateway: Gateway, upload: UploadFile | None) -> UploadedFile | None:
    """Store the file of a request, if it has one. Raises 413, 415 and 422 `Problem`s."""
    if upload is None:
        return None
    return await uploads.keep(upload, gateway.blobs, gateway.settings.max_upload_bytes)
