"""Calls of the earlier chat's clients, as a thin layer over the same parts that `/v1` uses."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, StringConstraints

from gateway import bodies, earlier_schemas
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.compat.analyst import CELERY_STATES
from gateway.lifecycle import Status
from gateway.openapi import ID_PATTERN, answers, errors, json_body
from gateway.problems import Problem
from gateway.routes.content import Topic
from gateway.routes.users import USER_PATTERN, UserId
from gateway.service import Gateway
from gateway.store.keys import ApiKey
from warren.contracts.chat import (
    LONGEST_MESSAGE,
    Chat,
    ChatReply,
    ContentKind,
    ContentList,
    ContentQuery,
    FollowUp,
    FollowUpQuery,
    Recommendations,
    RecommendationsQuery,
    UserTopic,
    UserTopicQuery,
)

router = APIRouter(tags=["earlier clients"])

REPLY_SECONDS = 60.0
"""How long these clients wait for a reply; they know no jobs."""

Limit = Annotated[int, Query(ge=1, le=100)]


class EarlierMessage(BaseModel):
    """A person says something."""

    user_id: Annotated[str, StringConstraints(pattern=USER_PATTERN)] | int
    message: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_MESSAGE)]


@router.post(
    "/chat",
    summary="Say something (earlier clients)",
    responses=answers(earlier_schemas.EarlierReply, 200) | errors(413, 415),
    openapi_extra=json_body(EarlierMessage),
)
async def chat(request: Request, gateway: Parts, key: Caller) -> Response:
    """Waits for the reply. `topic` is the one that the person was on; `task_ids` are the jobs that find the new one."""
    asked = await bodies.read(request, EarlierMessage)
    row = await gateway.submit(Chat(owner=key.id, user_id=str(asked.user_id), message=asked.message), key.id)
    reply = await _reply(gateway, key, row["id"])
    return Answer({"reply": reply.reply, "topic": reply.topic, "task_ids": reply.follow_ups, "engine": reply.engine})


async def _reply(gateway: Gateway, key: ApiKey, job_id: str) -> ChatReply:
    if not await gateway.watches.ended(job_id, REPLY_SECONDS):
        await gateway.cancel(key.id, job_id)
        raise Problem(
            503, "service.unavailable", "The digest service does not answer now. Try again soon.",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    row = await gateway.job(key.id, job_id)
    if Status(row.status) is not Status.completed:
        error = row.error or {"code": "job.cancelled", "message": "The message was not answered."}
        raise Problem(503, error["code"], error["message"], headers={"Retry-After": "5"})
    return ChatReply.model_validate((await gateway.view(row))["result"])


@router.get(
    "/task/{task_id}/status",
    summary="Look at a task (earlier clients)",
    responses=answers(earlier_schemas.EarlierTaskStatus, 200, 404),
)
async def task_status(task_id: Annotated[str, Path(pattern=ID_PATTERN)], gateway: Parts, key: Caller) -> Response:
    """A task is what follows a message, or any job."""
    found = await ask(gateway, FollowUpQuery(owner=key.id, job_id=task_id), FollowUp)
    if found.status != "unknown":
        done = found.status == "completed"
        result = {"topic": found.topic, "message_id": found.message_id, "kind": found.kind}
        return Answer(_status(task_id, "SUCCESS" if done else "PENDING", result if done else None))
    try:
        row = await gateway.job(key.id, task_id)
    except Problem as problem:
        if problem.status_code != 404:
            raise
        return Answer(_status(task_id, "PENDING", None), 404)
    return Answer(_status(task_id, CELERY_STATES[Status(row.status)], row.brief or row.result))


def _status(task_id: str, status: str, result: Any) -> dict[str, Any]:
    return {"task_id": task_id, "status": status, "result": result}


@router.get(
    "/user/{user_id}/topic",
    summary="What a person is talking about (earlier clients)",
    responses=answers(UserTopic, 200),
)
async def topic(user_id: UserId, gateway: Parts, key: Caller) -> Response:
    return Answer(await ask(gateway, UserTopicQuery(owner=key.id, user_id=user_id), UserTopic))


@router.get(
    "/user/{user_id}/recommendations",
    summary="What a person may like to read (earlier clients)",
    responses=answers(earlier_schemas.EarlierRecommendations, 200),
)
async def recommendations(user_id: UserId, gateway: Parts, key: Caller, limit: Limit = 20) -> Response:
    query = RecommendationsQuery(owner=key.id, user_id=user_id, limit=limit)
    found = await ask(gateway, query, Recommendations)
    items = [{**one.item.model_dump(), **one.model_dump(exclude={"item"})} for one in found.items]
    return Answer({"user_id": user_id, "recommendations": items, "stale": found.stale})


@router.get(
    "/content/articles",
    summary="Articles on a topic (earlier clients)",
    responses=answers(earlier_schemas.EarlierContent, 200),
)
async def articles(gateway: Parts, key: Caller, topic: Topic = None, limit: Limit = 20) -> Response:
    return await _content(gateway, key, ContentKind.article, topic, limit)


@router.get(
    "/content/videos",
    summary="Videos on a topic (earlier clients)",
    responses=answers(earlier_schemas.EarlierContent, 200),
)
async def videos(gateway: Parts, key: Caller, topic: Topic = None, limit: Limit = 20) -> Response:
    return await _content(gateway, key, ContentKind.video, topic, limit)


@router.get(
    "/content/quotes",
    summary="Quotes on a topic (earlier clients)",
    responses=answers(earlier_schemas.EarlierContent, 200),
)
async def quotes(gateway: Parts, key: Caller, topic: Topic = None, limit: Limit = 20) -> Response:
    return await _content(gateway, key, ContentKind.quote, topic, limit)


async def _content(gateway: Gateway, key: ApiKey, kind: ContentKind, topic: str | None, limit: int) -> Answer:
    found = await ask(gateway, ContentQuery(owner=key.id, kind=kind, topic=topic, limit=limit), ContentList)
    return Answer({"topic": topic or found.topic, f"{kind}s": found.items, "items": found.items, "stale": found.stale})
