"""What there is to read on a topic, and which topics are popular: `/v1/content`, `/v1/topics`."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from gateway import digest_schemas, views
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.openapi import answers
from gateway.service import Gateway
from gateway.store.keys import ApiKey
from warren.contracts.chat import (
    LONGEST_TOPIC,
    ContentKind,
    ContentList,
    ContentQuery,
    PopularTopics,
    PopularTopicsQuery,
    TodayQuery,
    TodaysContent,
)

router = APIRouter(prefix="/v1", tags=["content"])

Topic = Annotated[
    str | None,
    Query(
        pattern=rf"^[^\x00-\x1f]{{1,{LONGEST_TOPIC}}}$", description="The day's topics when empty", examples=["space"]
    ),
]
Language = Annotated[str | None, Query(pattern="^[a-z]{2}$", description="ISO 639-1; any when empty")]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("/content", summary="The day's content", responses=answers(TodaysContent, 200))
async def today(gateway: Parts, key: Caller, language: Language = None) -> Response:
    """Something of each kind on what is popular. `stale`: it is of an earlier day."""
    return Answer(await ask(gateway, TodayQuery(owner=key.id, language=language), TodaysContent))


@router.get("/content/quotes", summary="Quotes on a topic", responses=answers(digest_schemas.ContentPage, 200))
async def quotes(
    gateway: Parts, key: Caller, topic: Topic = None, language: Language = None, limit: Limit = 20
) -> Response:
    return await _content(gateway, key, ContentKind.quote, topic, language, limit)


@router.get("/content/articles", summary="Articles on a topic", responses=answers(digest_schemas.ContentPage, 200))
async def articles(
    gateway: Parts, key: Caller, topic: Topic = None, language: Language = None, limit: Limit = 20
) -> Response:
    return await _content(gateway, key, ContentKind.article, topic, language, limit)


@router.get("/content/videos", summary="Videos on a topic", responses=answers(digest_schemas.ContentPage, 200))
async def videos(
    gateway: Parts, key: Caller, topic: Topic = None, language: Language = None, limit: Limit = 20
) -> Response:
    """A video without an address has words to look for it with: `search`."""
    return await _content(gateway, key, ContentKind.video, topic, language, limit)


async def _content(
    gateway: Gateway, key: ApiKey, kind: ContentKind, topic: str | None, language: str | None, limit: int
) -> Answer:
    query = ContentQuery(owner=key.id, kind=kind, topic=topic, language=language, limit=limit)
    found = await ask(gateway, query, ContentList)
    return Answer(views.complete_list(found.items, **found.model_dump(exclude={"items"})))


@router.get(
    "/topics/popular", summary="What people talk about", responses=answers(digest_schemas.PopularTopicList, 200)
)
async def popular(gateway: Parts, key: Caller, limit: Limit = 20) -> Response:
    """As of `refreshed_at`, every half hour. A message counts less the older it is."""
    found = await ask(gateway, PopularTopicsQuery(owner=key.id, limit=limit), PopularTopics)
    return Answer(views.complete_list(found.topics, refreshed_at=found.refreshed_at))
