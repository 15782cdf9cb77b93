"""Calls of the earlier digest bot's clients, as a thin layer over the same parts that `/v1` uses."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints

from gateway import bodies, earlier_schemas, orchestrator
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.openapi import ID_PATTERN, answers, errors, json_body
from gateway.service import Gateway
from warren.contracts.digest_queries import GetBot, ListPosts, RecordResults, StopBuilds
from warren.contracts.digest_records import Bot, Post, PostResult, Posts, RecordedResults, Stopped

router = APIRouter(prefix="/api", tags=["earlier clients"])

PAGE = 100
MODE = "celery"

Limit = Annotated[int, Query(ge=1, le=1000)]
BotId = Annotated[str | None, Query(pattern=ID_PATTERN)]


class EarlierCommand(BaseModel):
    """What to do with the pipelines of all active bots, or of one."""

    action: Literal["start_background", "start_sync", "start", "stop", "status"]
    bot_id: str | None = Field(None, pattern=ID_PATTERN)


class EarlierResult(BaseModel):
    """What became of one post."""

    post_id: Annotated[str, StringConstraints(max_length=100)] | int
    category: str | None = Field(None, max_length=100)
    summary: str | None = Field(None, max_length=20_000)
    error: str | None = Field(None, max_length=2000)


class EarlierResults(BaseModel):
    """What a worker of its own found."""

    results: list[EarlierResult] = Field(max_length=1000)
    bot_id: str = Field(pattern=ID_PATTERN)
    service: str = Field(max_length=100, examples=["categorization"])


@router.post(
    "/ai/orchestrator-commands",
    summary="Start, stop, status (earlier clients)",
    responses=answers(earlier_schemas.EarlierOrchestrator, 200) | errors(404, 413, 415),
    openapi_extra=json_body(EarlierCommand),
)
async def command(request: Request, gateway: Parts, key: Caller) -> Response:
    asked = await bodies.read(request, EarlierCommand)
    match asked.action:
        case "status":
            return Answer(await _status(gateway, key.id, asked.bot_id))
        case "stop":
            stopped = await ask(gateway, StopBuilds(owner=key.id, bot_id=asked.bot_id), Stopped)
            tasks = [{"task_id": build_id, "status": "stopped"} for build_id in stopped.build_ids]
            return Answer({"status": "stopped", "mode": MODE, "tasks": tasks})
        case _:
            return Answer(await _start(gateway, key.id, asked))


async def _start(gateway: Gateway, owner: str, asked: EarlierCommand) -> dict[str, Any]:
    sync = asked.action == "start_sync"
    bots = await orchestrator.bots_to_start(gateway, owner, asked.bot_id)
    async with gateway.database.transaction() as connection:
        started = await orchestrator.start(connection, gateway, owner, bots, sync=sync)
    orchestrator.publish(gateway, started)
    tasks = [{"bot_id": one.bot_id, "task_id": one.job_id, "status": one.status} for one in started]
    return {"status": "started", "mode": "sync" if sync else MODE, "tasks": tasks}


async def _status(gateway: Gateway, owner: str, bot_id: str | None) -> dict[str, Any]:
    found = await orchestrator.status(gateway, owner, bot_id)
    tasks = [
        {"bot_id": bot.bot_id, "task_id": bot.build.id, "status": bot.build.status, "unprocessed": bot.unprocessed}
        for bot in found.bots
        if bot.build is not None
    ]
    running = any(task["status"] == "running" for task in tasks)
    return {"status": "running" if running else "idle", "mode": MODE, "tasks": tasks}


@router.get(
    "/posts/cache",
    summary="The newest posts (earlier clients)",
    responses=answers(earlier_schemas.EarlierPosts, 200),
)
async def cached_posts(gateway: Parts, key: Caller, limit: Limit = 100) -> Response:
    return Answer({"items": [_item(post) for post in await _posts(gateway, ListPosts(owner=key.id), limit)]})


@router.get(
    "/posts/unprocessed",
    summary="Posts that a bot has still to read (earlier clients)",
    responses=answers(earlier_schemas.EarlierPosts, 200) | errors(404),
)
async def unprocessed_posts(gateway: Parts, key: Caller, limit: Limit = 100, bot_id: BotId = None) -> Response:
    """Of one bot, or of all active ones."""
    bots = [bot_id] if bot_id else [bot.bot_id for bot in await orchestrator.bots_to_start(gateway, key.id, None)]
    items: list[dict[str, Any]] = []
    for each in bots:
        query = ListPosts(owner=key.id, bot_id=each, state="unprocessed")
        found = await _posts(gateway, query, limit - len(items))
        items += [{**_item(post), "bot_id": each} for post in found]
    return Answer({"items": items})


async def _posts(gateway: Gateway, query: ListPosts, limit: int) -> Sequence[Post]:
    """Up to so many posts, page by page."""
    found: list[Post] = []
    while len(found) < limit:
        after = found[-1].id if found else None
        page = query.model_copy(update={"limit": min(PAGE, limit - len(found)), "after": after})
        answer = await ask(gateway, page, Posts)
        found += answer.data
        if not answer.has_more:
            break
    return found


def _item(post: Post) -> dict[str, Any]:
    return {**post.model_dump(exclude={"object"}), "content": post.text}


@router.get(
    "/public-bots/{bot_id}",
    summary="Look at a bot (earlier clients)",
    responses=answers(earlier_schemas.EarlierBot, 200) | errors(404),
)
async def public_bot(bot_id: Annotated[str, Path(pattern=ID_PATTERN)], gateway: Parts, key: Caller) -> Response:
    """Without its secrets."""
    bot = await ask(gateway, GetBot(owner=key.id, id=bot_id), Bot)
    return Answer(bot.model_dump(exclude={"object", "feed_token", "webhook_secret"}))


@router.put(
    "/ai/results/batch-status",
    summary="Tell what became of posts (earlier clients)",
    responses=answers(earlier_schemas.EarlierUpdated, 200) | errors(404, 413, 415),
    openapi_extra=json_body(EarlierResults),
)
async def batch_status(request: Request, gateway: Parts, key: Caller) -> Response:
    asked = await bodies.read(request, EarlierResults)
    results = tuple(PostResult(**{**one.model_dump(), "post_id": str(one.post_id)}) for one in asked.results)
    query = RecordResults(owner=key.id, bot_id=asked.bot_id, service=asked.service, results=results)
    recorded = await ask(gateway, query, RecordedResults)
    return Answer({"success": True, "status": "ok", "updated": recorded.updated, "unknown": recorded.unknown})
