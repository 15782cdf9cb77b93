"""Channels, where posts come from: `/v1/channels`."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import bodies, digest_schemas, schemas
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.openapi import ID_PATTERN, IDEMPOTENT, PREFER, answers, errors, json_body
from gateway.routes.accepting import accept_job
from gateway.routes.paging import After, Limit, listed
from gateway.routes.waiting import after_waiting, wanted_wait
from warren.contracts.digest import PollFeed
from warren.contracts.digest_queries import CreateChannel, DeleteChannel, GetChannel, ListChannels, UpdateChannel
from warren.contracts.digest_records import Channel, ChannelChanges, Channels, ChannelSpec, Deleted
from warren.ids import new_id

router = APIRouter(prefix="/v1/channels", tags=["channels"])

ChannelId = Annotated[str, Path(pattern=ID_PATTERN)]


EXAMPLE = {"name": "Pushed by us"}


class PollRequest(BaseModel):
    """How to read a feed."""

    force: bool = Field(False, description="Also while it is left alone after failures")


@router.get("", summary="List channels, newest first", responses=answers(digest_schemas.ChannelList, 200))
async def listing(gateway: Parts, key: Caller, limit: Limit = 20, after: After = None) -> Response:
    return listed(await ask(gateway, ListChannels(owner=key.id, limit=limit, after=after), Channels))


@router.post(
    "",
    status_code=201,
    summary="Create a channel",
    responses=answers(Channel, 201) | errors(409, 413, 415),
    openapi_extra=json_body(ChannelSpec, example=EXAMPLE) | {"parameters": [IDEMPOTENT]},
)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """With `url` it is an RSS or Atom feed, read every `poll_seconds`; without, posts are sent to `/v1/posts`."""
    spec = await bodies.read(request, ChannelSpec)

    async def add(_connection: AsyncConnection) -> Created:
        channel = await ask(gateway, CreateChannel(owner=key.id, spec=spec, id=new_id("chn")), Channel)
        return Created(channel.model_dump(), 201, f"/v1/channels/{channel.id}")

    return await create_once(gateway, request, key.id, spec.model_dump(mode="json"), add)


@router.get("/{channel_id}", summary="Look at a channel", responses=answers(Channel, 200) | errors(404))
async def get(channel_id: ChannelId, gateway: Parts, key: Caller) -> Response:
    return Answer(await ask(gateway, GetChannel(owner=key.id, id=channel_id), Channel))


@router.patch(
    "/{channel_id}",
    summary="Change a channel",
    responses=answers(Channel, 200) | errors(404, 413, 415),
    openapi_extra=json_body(ChannelChanges),
)
async def update(channel_id: ChannelId, request: Request, gateway: Parts, key: Caller) -> Response:
    """What is left out stays."""
    changes = await bodies.read(request, ChannelChanges)
    return Answer(await ask(gateway, UpdateChannel(owner=key.id, id=channel_id, changes=changes), Channel))


@router.delete("/{channel_id}", status_code=204, summary="Delete a channel and its posts", responses=errors(404))
async def delete(channel_id: ChannelId, gateway: Parts, key: Caller) -> None:
    await ask(gateway, DeleteChannel(owner=key.id, id=channel_id), Deleted)


@router.post(
    "/{channel_id}/polls",
    status_code=202,
    summary="Read a feed now",
    responses=answers(schemas.Job, 200, 202) | errors(404, 409, 413, 415),
    openapi_extra=json_body(PollRequest, required=False) | {"parameters": [IDEMPOTENT, PREFER]},
)
async def poll(channel_id: ChannelId, request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job."""
    asked = await bodies.read_optional(request, PollRequest)
    wait = wanted_wait(request)
    await ask(gateway, GetChannel(owner=key.id, id=channel_id), Channel)
    payload = PollFeed(owner=key.id, channel_id=channel_id, force=asked.force)
    accepted = await accept_job(request, gateway, key, payload, asked.model_dump())
    return await after_waiting(gateway, key.id, accepted, wait)
