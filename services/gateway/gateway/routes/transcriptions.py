"""Recordings: `/v1/transcriptions`."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import schemas, transcriptions, uploads
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.openapi import IDEMPOTENT, PREFER, answers, errors, form_body
from gateway.problems import invalid
from gateway.routes.accepting import accepted
from gateway.routes.waiting import after_waiting, wanted_wait
from gateway.transcriptions import TranscriptionRequest

router = APIRouter(prefix="/v1/transcriptions", tags=["transcriptions"])


@router.post(
    "",
    status_code=202,
    summary="Transcribe a recording",
    responses=answers(schemas.Job, 200, 202) | errors(400, 409, 410, 413, 415),
    openapi_extra=form_body(TranscriptionRequest, file_required=True) | {"parameters": [IDEMPOTENT, PREFER]},
)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job. `Prefer: wait=10` waits for up to that many seconds and answers 200 if it ended."""
    wait = wanted_wait(request)
    async with uploads.form_with_file(request, gateway, uploads.check_sound) as (fields, stored):
        try:
            asked = TranscriptionRequest.model_validate(fields)
        except ValidationError as error:
            raise invalid(error.errors(include_url=False)) from None

        async def accept(connection: AsyncConnection) -> Created:
            row = await transcriptions.accept(connection, gateway, key, asked, stored)

            def committed() -> None:
                stored.used = True
                gateway.publish(row)

            return accepted(row, committed)

        content = {**asked.model_dump(), "sha256": stored.file.sha256}
        answer = await create_once(gateway, request, key.id, content, accept)
    return await after_waiting(gateway, key.id, answer, wait)
