"""Jobs: `/v1/jobs`."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, StreamingResponse

from gateway import views
from gateway.auth import Caller, Parts
from gateway.lifecycle import Status
from gateway.problems import not_found
from gateway.routes.waiting import wanted_wait
from gateway.store import jobs as store
from gateway.streams.sse import event_stream, parse_position
from warren.errors import BlobNotFound

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("", summary="List jobs, newest first")
async def listing(
    gateway: Parts,
    key: Caller,
    status: Status | None = None,
    kind: str | None = None,
    session_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(max_length=100, description="Id of the last job of the page before")] = None,
) -> dict[str, Any]:
    """Large results are left out; `brief` holds their small fields, `urls.self` the whole."""
    async with gateway.database.transaction() as connection:
        rows, has_more = await store.page(
            connection, key.id, limit=limit, after=after, status=status, kind=kind, session_id=session_id
        )
    return views.listing([views.job(row) for row in rows], has_more)


@router.get("/{job_id}", summary="Look at a job")
async def get(job_id: str, request: Request, gateway: Parts, key: Caller) -> dict[str, Any]:
    """`Prefer: wait=10` waits for its end for up to that many seconds."""
    row = await gateway.job(key.id, job_id)
    wait = wanted_wait(request)
    if wait and row.completed_at is None:
        await gateway.watches.ended(job_id, wait)
        row = await gateway.job(key.id, job_id)
    return await gateway.view(row)


@router.post("/{job_id}/cancel", status_code=202, summary="Stop a job")
async def cancel(job_id: str, gateway: Parts, key: Caller) -> Response:
    """202 while it stops. A job that has ended comes back unchanged, with 200."""
    row = await gateway.cancel(key.id, job_id)
    return JSONResponse(jsonable_encoder(views.job(row)), 200 if row.completed_at else 202)


@router.get("/{job_id}/events", summary="Follow a job (Server-Sent Events)", response_class=StreamingResponse)
async def events(
    job_id: str,
    request: Request,
    gateway: Parts,
    key: Caller,
    after: Annotated[str | None, Query(max_length=30, description="Id of the last event seen, like 1-17")] = None,
    last_event_id: Annotated[str | None, Header(max_length=30)] = None,
) -> Response:
    """Every event since the start, or since `Last-Event-ID` or `after`; the stream ends with the job."""
    position = parse_position(last_event_id or after)
    await gateway.job(key.id, job_id)
    return event_stream(request, gateway.watches.events(job_id, position), key.id)


@router.get("/{job_id}/artifacts", summary="List the files a job made")
async def artifacts(job_id: str, gateway: Parts, key: Caller) -> dict[str, Any]:
    row = await gateway.job(key.id, job_id)
    data = [
        {
            "name": item["name"],
            "media_type": item["media_type"],
            "size": item["size"],
            "url": f"/v1/jobs/{job_id}/artifacts/{quote(item['name'])}",
        }
        for item in row.artifacts
    ]
    return {"object": "list", "data": data, "has_more": False, "last_id": None}


@router.get("/{job_id}/artifacts/{name}", summary="Download a file a job made", response_class=Response)
async def artifact(job_id: str, name: str, gateway: Parts, key: Caller) -> Response:
    row = await gateway.job(key.id, job_id)
    item = next((item for item in row.artifacts if item["name"] == name), None)
    if item is None:
        raise not_found("artifact", name)
    try:
        data = await gateway.blobs.get(item["blob"])
    except BlobNotFound:
        raise not_found("artifact", name) from None
    # Never inline: what a job made is data, not a page of ours.
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(data, media_type=item["media_type"], headers={"Content-Disposition": disposition})
