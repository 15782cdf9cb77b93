"""Posts, and what bots made of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest import texts
from digest.errors import Refused
from digest.models import fates, posts
from digest.store import bots, channels
from digest.store.pages import page
from digest.texts import CleanPost, Unfit
from warren.contracts.digest_queries import AddPosts, DeletePost, ExplainPost, GetPost, ListPosts
from warren.contracts.digest_records import AddedPosts, NewPost, Post, PostFate, PostOutcome, Posts
from warren.ids import new_id

EXCERPT = 2000
"""Characters of the text that lists show."""

STATES = {"queued": "unprocessed", None: "unprocessed"}
"""States of the pipeline that are shown under another name. None: no build has seen the post."""


async def add(connection: AsyncConnection, query: AddPosts) -> AddedPosts:
    """Raises `channel.not_found`."""
    await channels.find(connection, query.owner, query.channel_id)
    cleaned = await asyncio.to_thread(_clean_all, query.posts)
    rows = {n: asdict(post) for n, post in enumerate(cleaned) if isinstance(post, CleanPost)}
    for row in rows.values():
        row |= {"id": new_id("post"), "owner": query.owner, "channel_id": query.channel_id}
    added = await _insert(connection, list(rows.values()))
    kept = await _existing(connection, query.channel_id, [row for row in rows.values() if row["id"] not in added])
    results = [_outcome(n, post, rows.get(n), added, kept) for n, post in enumerate(cleaned)]
    counts = {name: sum(result.status == name for result in results) for name in ("added", "duplicate", "rejected")}
    return AddedPosts(
        added=counts["added"], duplicates=counts["duplicate"], rejected=counts["rejected"], results=tuple(results)
    )


def _clean_all(given: Sequence[NewPost]) -> list[CleanPost | Unfit]:
    def attempt(post: NewPost) -> CleanPost | Unfit:
        try:
            return texts.clean(post)
        except Unfit as unfit:
            return unfit

    return [attempt(post) for post in given]


async def _insert(connection: AsyncConnection, rows: list[dict[str, Any]]) -> set[str]:
    """Ids of the rows that were new."""
    if not rows:
        return set()
    statement = insert(posts).on_conflict_do_nothing().returning(posts.c.id)
    return set((await connection.execute(statement, rows)).scalars())


async def _existing(connection: AsyncConnection, channel_id: str, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Ids by external id and by URL."""
    wanted = [row["external_id"] for row in rows] + [row["url"] for row in rows if row["url"]]
    if not wanted:
        return {}
    statement = sa.select(posts.c.id, posts.c.external_id, posts.c.url).where(
        posts.c.channel_id == channel_id, posts.c.external_id.in_(wanted) | posts.c.url.in_(wanted)
    )
    found = (await connection.execute(statement)).all()
    return {key: row.id for row in found for key in (row.url, row.external_id) if key}


def _outcome(
    n: int, post: CleanPost | Unfit, row: dict[str, Any] | None, added: set[str], kept: dict[str, str]
) -> PostOutcome:
    if isinstance(post, Unfit) or row is None:
        code, message = (post.code, post.message) if isinstance(post, Unfit) else ("", "")
        return PostOutcome(index=n, status="rejected", code=code, message=message)
    if row["id"] in added:
        return PostOutcome(index=n, status="added", id=row["id"])
    return PostOutcome(index=n, status="duplicate", id=kept.get(post.external_id) or kept.get(post.url))


async def find(connection: AsyncConnection, owner: str, post_id: str) -> Post:
    """Raises `post.not_found`."""
    statement = sa.select(posts).where(posts.c.id == post_id, posts.c.owner == owner)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Refused("post.not_found", f"There is no post {post_id!r}.")
    return _post(row)


async def get(connection: AsyncConnection, query: GetPost) -> Post:
    """Raises `post.not_found`."""
    return await find(connection, query.owner, query.id)


async def list_page(connection: AsyncConnection, query: ListPosts) -> Posts:
    """Raises `bot.not_found`."""
    columns = [column for column in posts.c if column.name != "text"]
    excerpt = sa.func.substr(posts.c.text, 1, EXCERPT).label("text")
    cut = (sa.func.length(posts.c.text) > EXCERPT).label("truncated")
    statement = sa.select(*columns, excerpt, cut).where(posts.c.owner == query.owner)
    if query.channel_id is not None:
        statement = statement.where(posts.c.channel_id == query.channel_id)
    if query.bot_id is not None:
        bot = await bots.find(connection, query.owner, query.bot_id)
        statement = statement.where(posts.c.channel_id.in_(bot.channels))
    if query.state is not None:
        statement = statement.where(_in_state(query.bot_id, query.state))
    rows, has_more = await page(connection, statement, posts.c.id, query)
    return Posts(data=tuple(_post(row) for row in rows), has_more=has_more)


def unprocessed(bot_id: str | None) -> sa.ColumnElement[bool]:
    """Posts with which this bot, or else any, is not done."""
    return _in_state(bot_id, "unprocessed")


def _in_state(bot_id: str | None, state: str) -> sa.ColumnElement[bool]:
    seen = sa.exists().where(fates.c.post_id == posts.c.id)
    if bot_id is not None:
        seen = seen.where(fates.c.bot_id == bot_id)
    if state == "unprocessed":
        return ~seen.where(fates.c.state != "queued")
    return seen.where(fates.c.state == state)


async def delete(connection: AsyncConnection, query: DeletePost) -> None:
    """Raises `post.not_found`."""
    await find(connection, query.owner, query.id)
    await connection.execute(sa.delete(posts).where(posts.c.id == query.id))


async def explain(connection: AsyncConnection, query: ExplainPost) -> PostFate:
    """Raises `post.not_found` or `bot.not_found`."""
    post = await find(connection, query.owner, query.id)
    bot = await bots.find(connection, query.owner, query.bot_id)
    statement = sa.select(fates).where(fates.c.post_id == post.id, fates.c.bot_id == bot.id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        reason = (
            "No build has come to it yet." if post.channel_id in bot.channels else "The bot does not read its channel."
        )
        return PostFate(post_id=post.id, bot_id=bot.id, state="unprocessed", reason=reason)
    fate = dict(row._mapping)  # noqa: SLF001  the documented way to its columns
    return PostFate.model_validate({**fate, "state": STATES.get(fate["state"], fate["state"])})


def _post(row: sa.Row[Any]) -> Post:
    return Post.model_validate(dict(row._mapping))  # noqa: SLF001  the documented way to its columns
