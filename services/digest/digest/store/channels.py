"""Channels: where posts come from."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest import urls
from digest.errors import Refused
from digest.models import bots, channels, posts
from digest.store.pages import page
from warren.contracts.digest_queries import CreateChannel, DeleteChannel, ListChannels, UpdateChannel
from warren.contracts.digest_records import Channel, Channels
from warren.ids import new_id

_COUNT = sa.select(sa.func.count()).where(posts.c.channel_id == channels.c.id).scalar_subquery().label("posts")
_SELECT = sa.select(channels, _COUNT)


async def find(connection: AsyncConnection, owner: str, channel_id: str) -> Channel:
    """Raises `channel.not_found`."""
    statement = _SELECT.where(channels.c.id == channel_id, channels.c.owner == owner)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Refused("channel.not_found", f"There is no channel {channel_id!r}.")
    return _channel(row)


async def list_page(connection: AsyncConnection, query: ListChannels) -> Channels:
    rows, has_more = await page(connection, _SELECT.where(channels.c.owner == query.owner), channels.c.id, query)
    return Channels(data=tuple(_channel(row) for row in rows), has_more=has_more)


async def create(connection: AsyncConnection, query: CreateChannel) -> Channel:
    """Raises `url.unsafe`."""
    spec, channel_id = query.spec, query.id or new_id("chan")
    if spec.url:
        urls.check(spec.url)
    values = {**spec.model_dump(), "id": channel_id, "owner": query.owner, "next_poll_at": sa.func.now()}
    await connection.execute(insert(channels).values(values).on_conflict_do_nothing())
    return await find(connection, query.owner, channel_id)


async def update(connection: AsyncConnection, query: UpdateChannel) -> Channel:
    """Another URL is a new feed: what was known of the old one is forgotten. Raises `url.unsafe`."""
    channel = await find(connection, query.owner, query.id)
    changes: dict[str, Any] = query.changes.model_dump(exclude_none=True)
    if changes.get("url"):
        urls.check(changes["url"])
    if changes.get("url", channel.url) != channel.url:
        changes |= {"etag": "", "last_modified": "", "error": "", "failures": 0, "next_poll_at": sa.func.now()}
    if changes:
        await connection.execute(sa.update(channels).where(channels.c.id == query.id).values(changes))
    return await find(connection, query.owner, query.id)


async def delete(connection: AsyncConnection, query: DeleteChannel) -> None:
    """Its bots no longer read it. Raises `channel.not_found`."""
    await find(connection, query.owner, query.id)
    await connection.execute(sa.delete(channels).where(channels.c.id == query.id))
    await connection.execute(
        sa.update(bots)
        .where(bots.c.owner == query.owner, sa.literal(query.id) == sa.any_(bots.c.channels))
        .values(channels=sa.func.array_remove(bots.c.channels, query.id))
    )


def _channel(row: sa.Row[Any]) -> Channel:
    return Channel.model_validate(dict(row._mapping))  # noqa: SLF001  the documented way to its columns
