"""Questions about tables: `/v1/analyses`."""

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import analyses, views
from gateway.analyses import AnalysisRequest
from gateway.auth import Caller, Parts
from gateway.models import jobs
from gateway.once import Created, create_once
from gateway.routes.waiting import wanted_wait

router = APIRouter(prefix="/v1/analyses", tags=["analyses"])

_FORM: dict[str, Any] = AnalysisRequest.model_json_schema()
_FORM["properties"] = {"file": {"type": "string", "format": "binary"}, **_FORM["properties"]}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/json": {"schema": AnalysisRequest.model_json_schema()},
        },
    }
}


@router.post("", status_code=202, summary="Ask a question about a table", openapi_extra=_BODY)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job. `Prefer: wait=10` waits for up to that many seconds and answers 200 if it ended."""
    wait = wanted_wait(request)
    asked, upload = await analyses.parse(request)
    kept = await analyses.keep_upload(gateway, upload)

    async def accept(connection: AsyncConnection) -> Created:
        row = await analyses.accept(connection, gateway, key, asked, kept)
        stored = (await connection.execute(sa.select(jobs).where(jobs.c.id == row["id"]))).one()
        return Created(
            views.job(stored), status=202, location=f"/v1/jobs/{row['id']}", after_commit=lambda: gateway.publish(row)
        )

    content = {**asked.model_dump(), "sha256": kept.sha256 if kept else None}
    response = await create_once(gateway, request, key.id, content, accept)
    if not wait:
        return response
    job_id = response.headers["Location"].rsplit("/", 1)[-1]
    ended = await gateway.watches.ended(job_id, wait)
    body = jsonable_encoder(await gateway.view(await gateway.job(key.id, job_id)))
    return JSONResponse(body, 200 if ended else 202, {"Location": response.headers["Location"]})
