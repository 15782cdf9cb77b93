"""Jobs: `/v1/jobs`."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from gateway import schemas, views
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.lifecycle import Status
from gateway.openapi import EVENT_STREAM, ID_PATTERN, POSITION_PATTERN, PREFER, answers, errors
from gateway.problems import not_found
from gateway.routes.waiting import wanted_wait
from gateway.store import jobs as store
from gateway.streams.sse import event_stream, parse_position
from warren.errors import BlobNotFound

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_POSITION = {"pattern": f"^({POSITION_PATTERN[1:-1]})?$"}  # nothing is the start
JobId = Annotated[str, Path(pattern=ID_PATTERN)]


@router.get("", summary="List jobs, newest first", responses=answers(schemas.JobList, 200))
async def listing(
    gateway: Parts,
    key: Caller,
    status: Status | None = None,
    kind: Annotated[str | None, Query(pattern=r"^[a-z_.]{1,100}$", examples=["analyzer.csv"])] = None,
    session_id: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(pattern=ID_PATTERN, description="`last_id` of the page before")] = None,
) -> Response:
    """Large results are left out; `brief` holds their small fields, `urls.self` the whole."""
    async with gateway.database.transaction() as connection:
        rows, has_more = await store.page(
            connection, key.id, limit=limit, after=after, status=status, kind=kind, session_id=session_id
        )
    return Answer(views.listing([views.job(row) for row in rows], has_more))


@router.get(
    "/{job_id}",
    summary="Look at a job",
    responses=answers(schemas.Job, 200) | errors(404, 410),
    openapi_extra={"parameters": [PREFER]},
)
async def get(job_id: JobId, request: Request, gateway: Parts, key: Caller) -> Response:
    """`Prefer: wait=10` waits for its end for up to that many seconds."""
    row = await gateway.job(key.id, job_id)
    wait = wanted_wait(request)
    if wait and row.completed_at is None:
        await gateway.watches.ended(job_id, wait)
        row = await gateway.job(key.id, job_id)
    return Answer(await gateway.view(row))


@router.post(
    "/{job_id}/cancel",
    status_code=202,
    summary="Stop a job",
    responses=answers(schemas.Job, 200, 202) | errors(404, 410),
)
async def cancel(job_id: JobId, gateway: Parts, key: Caller) -> Response:
    """202 while it stops. A job that has ended comes back unchanged, with 200."""
    row = await gateway.cancel(key.id, job_id)
    return Answer(await gateway.view(row), 200 if row.completed_at else 202)


@router.get(
    "/{job_id}/events",
    summary="Follow a job (Server-Sent Events)",
    response_class=StreamingResponse,
    responses={200: EVENT_STREAM, **errors(404)},
)
async def events(
    job_id: JobId,
    request: Request,
    gateway: Parts,
    key: Caller,
    after: Annotated[
        str | None, Query(description="Id of the last event seen, like 1-17", json_schema_extra=_POSITION)
    ] = None,
    last_event_id: Annotated[
        str | None, Header(description="The same, as browsers send it", json_schema_extra=_POSITION)
    ] = None,
) -> Response:
    """Every event since the start, or since `Last-Event-ID` or `after`; the stream ends with the job."""
    position = parse_position(last_event_id or after)
    await gateway.job(key.id, job_id)
    return event_stream(request, gateway.watches.events(job_id, position), key.id)


@router.get(
    "/{job_id}/artifacts",
    summary="List the files a job made",
    responses=answers(schemas.ArtifactList, 200) | errors(404),
)
async def artifacts(job_id: JobId, gateway: Parts, key: Caller) -> Response:
    row = await gateway.job(key.id, job_id)
    data = [
        {
            "name": item["name"],
            "media_type": item["media_type"],
            "size": item["size"],
            "url": f"/v1/jobs/{job_id}/artifacts/{quote(item['name'], safe='')}",
        }
        for item in row.artifacts
    ]
    return Answer(views.complete_list(data))


@router.get(
    "/{job_id}/artifacts/{name}",
    summary="Download a file a job made",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"*/*": {}}}, **errors(404)},
)
async def artifact(job_id: JobId, name: Annotated[str, Path(max_length=200)], gateway: Parts, key: Caller) -> Response:
    row = await gateway.job(key.id, job_id)
    item = next((item for item in row.artifacts if item["name"] == name), None)
    if item is None:
        raise not_found("artifact", name)
    try:
        data = await gateway.blobs.get(item["blob"])
    except BlobNotFound:
        raise not_found("artifact", name) from None
    # Never inline: what a job made is data, not a page of ours.
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=item["media_type"], headers=headers)
