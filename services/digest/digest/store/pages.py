"""Lists: newest first, a page at a time."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from warren.contracts.digest_queries import ListQuery


async def page(
    connection: AsyncConnection, statement: sa.Select[Any], id_column: sa.ColumnElement[str], query: ListQuery
) -> tuple[list[sa.Row[Any]], bool]:
    """The rows of one page, and whether more follow."""
    if query.after is not None:
        statement = statement.where(id_column < query.after)
    rows = (await connection.execute(statement.order_by(id_column.desc()).limit(query.limit + 1))).all()
    return list(rows[: query.limit]), len(rows) > query.limit
