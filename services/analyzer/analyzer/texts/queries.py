"""What is asked about texts: the table of queries."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.texts.children import Children
from analyzer.texts.store import nearest, texts
from analyzer.texts.store.mapped import mapped
from analyzer.texts.store.nearest import Near
from warren.contracts.base import Query
from warren.contracts.texts import DeleteText, FindSimilar, GetText, SearchTexts, SimilarTexts
from warren.database import Database
from warren.queries import QueryHandler, QueryHandlers

Answer = Callable[[AsyncConnection, Any], Awaitable[BaseModel]]


def handlers(database: Database, children: Children) -> QueryHandlers:
    """Each query in a transaction of its own."""

    async def search(query: SearchTexts) -> SimilarTexts:
        model = await children.model()
        vector = await children.embed(query.words)
        if vector is None:
            return SimilarTexts(model=model.name)
        async with database.transaction() as connection:
            await nearest.ready(connection)
            found = await Near(query.owner, model, query.filter, query.limit).find(connection, vector)
        return await mapped(database, children, query.owner, found, asked=vector) if query.map else found

    async def similar(query: FindSimilar) -> SimilarTexts:
        async with database.transaction() as connection:
            found = await nearest.similar(connection, query)
        return await mapped(database, children, query.owner, found, asked=query.track_id) if query.map else found

    table: dict[type[Query], Answer] = {GetText: texts.get, DeleteText: texts.delete}
    answered = {query: _answered(database, answer) for query, answer in table.items()}
    return {SearchTexts: search, FindSimilar: similar, **answered}


def _answered(database: Database, answer: Answer) -> QueryHandler:
    async def handle(query: Any) -> BaseModel:
        async with database.transaction() as connection:
            return await answer(connection, query)

    return handle
