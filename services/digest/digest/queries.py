"""What the digest service answers: the table of its queries."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import bots, channels
from warren.contracts.base import Query
from warren.contracts.digest_queries import (
    CreateBot,
    CreateChannel,
    DeleteBot,
    DeleteChannel,
    GetBot,
    GetChannel,
    ListBots,
    ListChannels,
    ListPrompts,
    RecordQuery,
    UpdateBot,
    UpdateChannel,
)
from warren.contracts.digest_records import Deleted
from warren.database import Database
from warren.queries import QueryHandler, QueryHandlers

Q = TypeVar("Q", bound=RecordQuery)
Answer = Callable[[AsyncConnection, Any], Awaitable[BaseModel]]


def handlers(database: Database) -> QueryHandlers:
    """Each query in a transaction of its own."""

    def answered(answer: Answer) -> QueryHandler:
        async def handle(query: Any) -> BaseModel:
            async with database.transaction() as connection:
                return await answer(connection, query)

        return handle

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
    }
    return {query: answered(answer) for query, answer in table.items()}


def _one(find: Callable[[AsyncConnection, str, str], Awaitable[BaseModel]]) -> Answer:
    async def answer(connection: AsyncConnection, query: RecordQuery) -> BaseModel:
        return await find(connection, query.owner, query.id)

    return answer


def _deleted(delete: Callable[[AsyncConnection, Any], Awaitable[None]]) -> Answer:
    async def answer(connection: AsyncConnection, query: RecordQuery) -> BaseModel:
        await delete(connection, query)
        return Deleted(id=query.id)

    return answer
