"""Digests that were made."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.errors import Refused
from digest.models import digests
from digest.store.pages import page
from warren.contracts.digest_queries import DeleteDigest, GetDigest, ListDigests
from warren.contracts.digest_records import Digest, Digests, DigestSummary

CONTENT = ("sections", "sizes", "usage")
"""Fields of a digest that are kept in one column."""


async def add(connection: AsyncConnection, owner: str, digest: Digest, considered: list[dict[str, Any]]) -> None:
    """`considered`: what became of each post, so that the digest can be made again and compared."""
    content = {**digest.model_dump(mode="json", include=set(CONTENT)), "fates": considered}
    row = digest.model_dump(exclude={*CONTENT, "object"})
    await connection.execute(insert(digests).values(**row, owner=owner, content=content).on_conflict_do_nothing())


async def find(connection: AsyncConnection, owner: str, digest_id: str) -> Digest:
    """Raises `digest.not_found`."""
    return _digest(await row_of(connection, owner, digest_id))


async def row_of(connection: AsyncConnection, owner: str, digest_id: str) -> sa.Row[Any]:
    """Raises `digest.not_found`."""
    statement = sa.select(digests).where(digests.c.id == digest_id, digests.c.owner == owner)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Refused("digest.not_found", f"There is no digest {digest_id!r}.")
    return row


async def get(connection: AsyncConnection, query: GetDigest) -> Digest:
    """Raises `digest.not_found`."""
    return await find(connection, query.owner, query.id)


async def latest(connection: AsyncConnection, bot_id: str, limit: int) -> list[Digest]:
    """Newest first, without those that were only made again."""
    statement = sa.select(digests).where(digests.c.bot_id == bot_id, digests.c.rerun_of.is_(None))
    rows = (await connection.execute(statement.order_by(digests.c.id.desc()).limit(limit))).all()
    return [_digest(row) for row in rows]


async def list_page(connection: AsyncConnection, query: ListDigests) -> Digests:
    columns = [digests.c[name] for name in DigestSummary.model_fields if name != "object"]
    statement = sa.select(*columns).where(digests.c.owner == query.owner)
    if query.bot_id is not None:
        statement = statement.where(digests.c.bot_id == query.bot_id)
    rows, has_more = await page(connection, statement, digests.c.id, query)
    summaries = [DigestSummary.model_validate(dict(row._mapping)) for row in rows]  # noqa: SLF001
    return Digests(data=tuple(summaries), has_more=has_more)


async def delete(connection: AsyncConnection, query: DeleteDigest) -> None:
    """Raises `digest.not_found`."""
    await find(connection, query.owner, query.id)
    await connection.execute(sa.delete(digests).where(digests.c.id == query.id))


def _digest(row: sa.Row[Any]) -> Digest:
    return Digest.model_validate({**row._mapping, **row.content})  # noqa: SLF001  the documented way to its columns
