"""Bots, which turn posts into digests: `/v1/bots`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import bodies, digest_schemas, schemas, views
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.openapi import ID_PATTERN, IDEMPOTENT, PREFER, answers, errors, json_body
from gateway.problems import not_found
from gateway.routes.accepting import accept_job
from gateway.routes.paging import After, Limit, listed
from gateway.routes.waiting import after_waiting, wanted_wait
from warren.contracts.digest import BuildDigest, EngineChoice, PreviewBot
from warren.contracts.digest_queries import (
    CreateBot,
    DeleteBot,
    GetBot,
    GetBuild,
    ListBots,
    ListBuilds,
    ListPrompts,
    UpdateBot,
)
from warren.contracts.digest_records import (
    PROMPT_MAX_CHARS,
    Bot,
    BotChanges,
    Bots,
    BotSpec,
    Build,
    Builds,
    Category,
    Deleted,
    PromptVersions,
)
from warren.ids import new_id

router = APIRouter(prefix="/v1/bots", tags=["bots"])

BotId = Annotated[str, Path(pattern=ID_PATTERN)]


EXAMPLE = {
    "name": "Morning news",
    "channels": [],
    "categories": [
        {"name": "World", "description": "governments, elections, conflicts"},
        {"name": "Sports", "description": "games, teams, players"},
    ],
    "summarization_prompt": "One plain sentence a story.",
    "schedule": "0 7 * * *",
}


class RunRequest(BaseModel):
    """How to run a bot."""

    max_posts: int | None = Field(None, ge=1, le=10_000, description="Newest posts to take")
    engine: EngineChoice = "auto"
    sync: bool = Field(False, description="One batch after the other within one job, for a debugger")


class PreviewRequest(BaseModel):
    """What to try. What is empty is the bot's own."""

    max_posts: int = Field(10, ge=1, le=50)
    categories: tuple[Category, ...] | None = Field(None, min_length=1, max_length=50)
    categorization_prompt: str | None = Field(None, max_length=PROMPT_MAX_CHARS)
    summarization_prompt: str | None = Field(None, max_length=PROMPT_MAX_CHARS)
    engine: EngineChoice = "auto"


def view(bot: Bot) -> dict[str, Any]:
    """The bot object, with where a feed reader finds its digests."""
    return {**bot.model_dump(), "feed_url": f"/v1/bots/{bot.id}/feed.atom?token={bot.feed_token}"}


@router.get("", summary="List bots, newest first", responses=answers(digest_schemas.BotList, 200))
async def listing(
    gateway: Parts,
    key: Caller,
    active: Annotated[bool | None, Query(description="Only those that are, or are not")] = None,
    limit: Limit = 20,
    after: After = None,
) -> Response:
    found = await ask(gateway, ListBots(owner=key.id, active=active, limit=limit, after=after), Bots)
    return Answer(views.listing([view(bot) for bot in found.data], found.has_more))


@router.post(
    "",
    status_code=201,
    summary="Create a bot",
    responses=answers(digest_schemas.Bot, 201) | errors(409, 413, 415),
    openapi_extra=json_body(BotSpec, example=EXAMPLE) | {"parameters": [IDEMPOTENT]},
)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """`schedule` is a cron expression in UTC (`0 7 * * *`); a bot without one runs when it is asked to."""
    spec = await bodies.read(request, BotSpec)

    async def add(_connection: AsyncConnection) -> Created:
        bot = await ask(gateway, CreateBot(owner=key.id, spec=spec, id=new_id("bot")), Bot)
        return Created(view(bot), 201, f"/v1/bots/{bot.id}")

    return await create_once(gateway, request, key.id, spec.model_dump(mode="json"), add)


@router.get("/{bot_id}", summary="Look at a bot", responses=answers(digest_schemas.Bot, 200) | errors(404))
async def get(bot_id: BotId, gateway: Parts, key: Caller) -> Response:
    return Answer(view(await ask(gateway, GetBot(owner=key.id, id=bot_id), Bot)))


@router.patch(
    "/{bot_id}",
    summary="Change a bot",
    responses=answers(digest_schemas.Bot, 200) | errors(404, 413, 415),
    openapi_extra=json_body(BotChanges),
)
async def update(bot_id: BotId, request: Request, gateway: Parts, key: Caller) -> Response:
    """What is left out stays. Other prompts or categories make a new version of them."""
    changes = await bodies.read(request, BotChanges)
    return Answer(view(await ask(gateway, UpdateBot(owner=key.id, id=bot_id, changes=changes), Bot)))


@router.delete("/{bot_id}", status_code=204, summary="Delete a bot and its digests", responses=errors(404))
async def delete(bot_id: BotId, gateway: Parts, key: Caller) -> None:
    await ask(gateway, DeleteBot(owner=key.id, id=bot_id), Deleted)


@router.get(
    "/{bot_id}/prompts",
    summary="Versions of a bot's prompts and categories, newest first",
    responses=answers(digest_schemas.PromptVersionList, 200) | errors(404),
)
async def prompts(bot_id: BotId, gateway: Parts, key: Caller) -> Response:
    found = await ask(gateway, ListPrompts(owner=key.id, id=bot_id), PromptVersions)
    return Answer(views.complete_list(found.data))


@router.post(
    "/{bot_id}/runs",
    status_code=202,
    summary="Make a digest now",
    responses=answers(schemas.Job, 200, 202) | errors(404, 409, 413, 415),
    openapi_extra=json_body(RunRequest, required=False) | {"parameters": [IDEMPOTENT, PREFER]},
)
async def run(bot_id: BotId, request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job, of the same id as the run. While one runs, another fails with `digest.already_running`."""
    asked = await bodies.read_optional(request, RunRequest)
    wait = wanted_wait(request)
    await ask(gateway, GetBot(owner=key.id, id=bot_id), Bot)
    payload = BuildDigest(owner=key.id, bot_id=bot_id, **asked.model_dump())
    accepted = await accept_job(request, gateway, key, payload, asked.model_dump())
    return await after_waiting(gateway, key.id, accepted, wait)


@router.get(
    "/{bot_id}/runs", summary="List runs, newest first", responses=answers(digest_schemas.RunList, 200) | errors(404)
)
async def runs(bot_id: BotId, gateway: Parts, key: Caller, limit: Limit = 20, after: After = None) -> Response:
    return listed(await ask(gateway, ListBuilds(owner=key.id, bot_id=bot_id, limit=limit, after=after), Builds))


@router.get(
    "/{bot_id}/runs/{run_id}",
    summary="Look at a run and its batches",
    responses=answers(Build, 200) | errors(404),
)
async def get_run(
    bot_id: BotId, run_id: Annotated[str, Path(pattern=ID_PATTERN)], gateway: Parts, key: Caller
) -> Response:
    """As it is now, while its job goes on."""
    build = await ask(gateway, GetBuild(owner=key.id, id=run_id), Build)
    if build.bot_id != bot_id:
        raise not_found("build", run_id)
    return Answer(build)


@router.post(
    "/{bot_id}/previews",
    status_code=202,
    summary="Try prompts and categories on a few posts",
    responses=answers(schemas.Job, 200, 202) | errors(404, 409, 413, 415),
    openapi_extra=json_body(PreviewRequest, required=False) | {"parameters": [IDEMPOTENT, PREFER]},
)
async def preview(bot_id: BotId, request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job whose result says what would become of each post. Nothing is kept."""
    asked = await bodies.read_optional(request, PreviewRequest)
    wait = wanted_wait(request)
    await ask(gateway, GetBot(owner=key.id, id=bot_id), Bot)
    payload = PreviewBot(owner=key.id, bot_id=bot_id, **asked.model_dump())
    accepted = await accept_job(request, gateway, key, payload, asked.model_dump())
    return await after_waiting(gateway, key.id, accepted, wait)
