"""What the digest service answers: the table of its queries."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from digest import rendering, status
from digest.chat import queries as chat_queries
from digest.content.shelf import Shelf
from digest.store import bots, builds, channels, digests, posts
from warren.contracts.base import Query
from warren.contracts.digest_queries import (
    AddPosts,
    CreateBot,
    CreateChannel,
    DeleteBot,
    DeleteChannel,
    DeleteDigest,
    DeletePost,
    ExplainPost,
    GetBot,
    GetBuild,
    GetChannel,
    GetDigest,
    GetFeed,
    GetPost,
    ListBots,
    ListBuilds,
    ListChannels,
    ListDigests,
    ListPosts,
    ListPrompts,
    RecordQuery,
    RecordResults,
    RenderDigest,
    StatusQuery,
    StopBuilds,
    UpdateBot,
    UpdateChannel,
)
from warren.contracts.digest_records import Deleted, Rendering
from warren.database import Database
from warren.queries import QueryHandler, QueryHandlers

FEED_ENTRIES = 20

Answer = Callable[[AsyncConnection, Any], Awaitable[BaseModel]]


def handlers(database: Database, engine: str = "local") -> QueryHandlers:
    """Each query in a transaction of its own. `engine` is the one that `auto` means."""
    table: dict[type[Query], Answer] = {
        ListBots: bots.list_page,
        GetBot: _one(bots.find),
        CreateBot: bots.create,
        UpdateBot: bots.update,
        DeleteBot: _deleted(bots.delete),
        ListPrompts: _one(bots.versions),
        ListChannels: channels.list_page,
        GetChannel: _one(channels.find),
        CreateChannel: channels.create,
        UpdateChannel: channels.update,
        DeleteChannel: _deleted(channels.delete),
        AddPosts: posts.add,
        ListPosts: posts.list_page,
        GetPost: posts.get,
        DeletePost: _deleted(posts.delete),
        ExplainPost: posts.explain,
        ListDigests: digests.list_page,
        GetDigest: digests.get,
        DeleteDigest: _deleted(digests.delete),
        RenderDigest: _render,
        GetFeed: _feed,
        ListBuilds: builds.list_page,
        GetBuild: builds.get,
        StopBuilds: builds.stop,
        StatusQuery: status.status(engine),
        RecordResults: status.record_results,
    }
    return {query: _answered(database, answer) for query, answer in table.items()}


def chat_handlers(database: Database, shelf: Shelf) -> QueryHandlers:
    """Those about topics, content and recommendations, likewise."""
    return {query: _answered(database, answer) for query, answer in chat_queries.answers(shelf).items()}


def _answered(database: Database, answer: Answer) -> QueryHandler:
    async def handle(query: Any) -> BaseModel:
        async with database.transaction() as connection:
            return await answer(connection, query)

    return handle


def _one(find: Callable[[AsyncConnection, str, str], Awaitable[BaseModel]]) -> Answer:
    async def answer(connection: AsyncConnection, query: RecordQuery) -> BaseModel:
        return await find(connection, query.owner, query.id)

    return answer


def _deleted(delete: Callable[[AsyncConnection, Any], Awaitable[None]]) -> Answer:
    async def answer(connection: AsyncConnection, query: RecordQuery) -> BaseModel:
        await delete(connection, query)
        return Deleted(id=query.id)

    return answer


async def _render(connection: AsyncConnection, query: RenderDigest) -> Rendering:
    digest = await digests.find(connection, query.owner, query.id)
    return rendering.markdown(digest) if query.format == "markdown" else rendering.page(digest)


async def _feed(connection: AsyncConnection, query: GetFeed) -> Rendering:
    bot = await bots.of_feed(connection, query.bot_id, query.owner, query.token)
    latest = await digests.latest(connection, bot.id, FEED_ENTRIES)
    return rendering.atom(bot, latest, query.url, query.digest_url)
