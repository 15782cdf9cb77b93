"""Questions about tables: `/v1/analyses`."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import analyses, schemas
from gateway.analyses import AnalysisRequest
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.openapi import IDEMPOTENT, PREFER, answers, errors, form_body
from gateway.routes.accepting import accepted
from gateway.routes.waiting import after_waiting, wanted_wait
from warren.contracts.files import UploadedFile

router = APIRouter(prefix="/v1/analyses", tags=["analyses"])


@router.post(
    "",
    status_code=202,
    summary="Ask a question about a table",
    responses=answers(schemas.Job, 200, 202) | errors(400, 404, 409, 410, 413, 415),
    openapi_extra=form_body(AnalysisRequest, file_required=False, json=True) | {"parameters": [IDEMPOTENT, PREFER]},
)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job. `Prefer: wait=10` waits for up to that many seconds and answers 200 if it ended."""
    wait = wanted_wait(request)
    async with analyses.received(request, gateway) as (asked, stored):
        file = stored.file if stored else None

        async def accept(connection: AsyncConnection) -> Created:
            row = await analyses.accept(connection, gateway, key, asked, file)

            def committed() -> None:
                if stored is not None:
                    stored.used = True
                gateway.publish(row)

            return accepted(row, committed)

        answer = await create_once(gateway, request, key.id, _content(asked, file), accept)
    return await after_waiting(gateway, key.id, answer, wait)


def _content(asked: AnalysisRequest, file: UploadedFile | None) -> dict[str, Any]:
    """What makes two requests the same."""
    return {**asked.model_dump(), "sha256": file.sha256 if file else None}
