"""Answers about topics, content and recommendations, each within the caller's transaction."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.chat.recommending import recommendations
from digest.content.shelf import Shelf, today
from digest.store import content, messages
from digest.store import topics as topic_store
from warren.contracts.base import Query
from warren.contracts.chat import (
    ContentKind,
    ContentList,
    ContentQuery,
    FollowUp,
    FollowUpQuery,
    MarkedRead,
    MarkRead,
    PopularTopics,
    PopularTopicsQuery,
    Recommendations,
    RecommendationsQuery,
    TodayQuery,
    TodaysContent,
    UserTopic,
    UserTopicQuery,
)

OF_EACH_KIND = 5
"""Items of each kind that make a day's content."""


def answers(shelf: Shelf) -> Mapping[type[Query], Callable[[AsyncConnection, Any], Awaitable[BaseModel]]]:
    """Queries → answers."""

    async def follow_up(connection: AsyncConnection, query: FollowUpQuery) -> FollowUp:
        return await messages.follow_up(connection, query.owner, query.job_id)

    async def user_topic(connection: AsyncConnection, query: UserTopicQuery) -> UserTopic:
        return await topic_store.current(connection, query.owner, query.user_id)

    async def popular(connection: AsyncConnection, query: PopularTopicsQuery) -> PopularTopics:
        return await topic_store.popular(connection, query.owner, query.limit)

    async def recommended(connection: AsyncConnection, query: RecommendationsQuery) -> Recommendations:
        return await recommendations(connection, shelf, query)

    async def content_of(connection: AsyncConnection, query: ContentQuery) -> ContentList:
        return await _content(connection, shelf, query)

    async def of_today(connection: AsyncConnection, query: TodayQuery) -> TodaysContent:
        return await _today(connection, shelf, query)

    async def mark_read(connection: AsyncConnection, query: MarkRead) -> MarkedRead:
        return await _mark_read(connection, shelf, query)

    return {
        FollowUpQuery: follow_up,
        UserTopicQuery: user_topic,
        PopularTopicsQuery: popular,
        ContentQuery: content_of,
        TodayQuery: of_today,
        RecommendationsQuery: recommended,
        MarkRead: mark_read,
    }


async def _content(connection: AsyncConnection, shelf: Shelf, query: ContentQuery) -> ContentList:
    topics = [query.topic] if query.topic else []
    offer = await shelf.offer(connection, query.owner, topics, language=query.language)
    items = offer.of(query.kind, query.language)[: query.limit]
    return ContentList(items=tuple(items), topic=query.topic, day=today(), stale=offer.stale)


async def _today(connection: AsyncConnection, shelf: Shelf, query: TodayQuery) -> TodaysContent:
    offer = await shelf.offer(connection, query.owner, [], language=query.language)
    chosen = {kind: tuple(offer.of(kind, query.language)[:OF_EACH_KIND]) for kind in ContentKind}
    return TodaysContent(
        day=today(),
        topics=tuple(dict.fromkeys(item.topic for items in chosen.values() for item in items)),
        quotes=chosen[ContentKind.quote],
        articles=chosen[ContentKind.article],
        videos=chosen[ContentKind.video],
        stale=offer.stale,
    )


async def _mark_read(connection: AsyncConnection, shelf: Shelf, query: MarkRead) -> MarkedRead:
    prepared = await content.known(connection, query.owner, query.item_ids)
    known = [item_id for item_id in query.item_ids if item_id in prepared or shelf.knows(item_id)]
    await content.mark_read(connection, query.owner, query.user_id, known)
    read = await content.read_by(connection, query.owner, query.user_id)
    unknown = dict.fromkeys(item_id for item_id in query.item_ids if item_id not in known)
    return MarkedRead(read=len(read), unknown=tuple(unknown))
