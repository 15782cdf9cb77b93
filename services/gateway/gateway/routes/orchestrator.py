"""All bots at once: `/v1/orchestrator`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import bodies, digest_schemas, orchestrator, views
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.openapi import ID_PATTERN, IDEMPOTENT, answers, errors, json_body
from warren.contracts.digest import EngineChoice
from warren.contracts.digest_queries import StopBuilds
from warren.contracts.digest_records import DigestStatus, Stopped

router = APIRouter(prefix="/v1/orchestrator", tags=["orchestrator"])

_BOT_ID = Field(None, pattern=ID_PATTERN, description="Only this bot; all active ones when empty")


class StartRequest(BaseModel):
    """What to start, and how."""

    bot_id: str | None = _BOT_ID
    engine: EngineChoice = "auto"
    sync: bool = Field(False, description="One batch after the other within one job, for a debugger")


class StopRequest(BaseModel):
    """What to stop."""

    bot_id: str | None = _BOT_ID


@router.get("", summary="What do the bots do?", responses=answers(DigestStatus, 200) | errors(404))
async def status(
    gateway: Parts, key: Caller, bot_id: Annotated[str | None, Query(pattern=ID_PATTERN)] = None
) -> Response:
    """Each bot with its unprocessed posts and its present run, or else its latest."""
    return Answer(await orchestrator.status(gateway, key.id, bot_id))


@router.post(
    "/start",
    status_code=202,
    summary="Start all active bots, or one",
    responses=answers(digest_schemas.StartList, 202) | errors(404, 409, 413, 415),
    openapi_extra=json_body(StartRequest, required=False) | {"parameters": [IDEMPOTENT]},
)
async def start(request: Request, gateway: Parts, key: Caller) -> Response:
    """Each is a job. A bot that runs already goes on: its `status` is `running`."""
    asked = await bodies.read_optional(request, StartRequest)
    bots = await orchestrator.bots_to_start(gateway, key.id, asked.bot_id)

    async def accept(connection: AsyncConnection) -> Created:
        options = asked.model_dump(exclude={"bot_id"})
        started = await orchestrator.start(connection, gateway, key.id, bots, **options)
        data = [{"bot_id": one.bot_id, "job_id": one.job_id, "status": one.status} for one in started]
        return Created(views.complete_list(data), 202, after_commit=lambda: orchestrator.publish(gateway, started))

    return await create_once(gateway, request, key.id, asked.model_dump(), accept)


@router.post(
    "/stop",
    summary="Stop all bots, or one",
    responses=answers(Stopped, 200) | errors(404, 413, 415),
    openapi_extra=json_body(StopRequest, required=False),
)
async def stop(request: Request, gateway: Parts, key: Caller) -> Response:
    """What is done stays done; the next run goes on from there."""
    asked = await bodies.read_optional(request, StopRequest)
    return Answer(await ask(gateway, StopBuilds(owner=key.id, bot_id=asked.bot_id), Stopped))
