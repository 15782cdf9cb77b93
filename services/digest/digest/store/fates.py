"""What becomes of each post under each bot. A post is in one build, and in one batch of it, at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.engines.base import Answer, Text
from digest.models import batches, bots, fates, posts
from digest.store.posts import unprocessed
from warren.contracts.digest_records import Bot

READ = 20_000
"""Characters of a post that engines and the grouping are given."""
REMEMBERED = 500
"""Posts of earlier digests that new ones are compared with."""
MOST_TRIES = 3
"""Batches that were given up with a post, after which it has failed."""
OPEN = ("queued", "categorized")


@dataclass(frozen=True)
class Claimed:
    """A post of a build. `fixed` says that it cannot be dropped as a repetition any more."""

    text: Text
    fixed: bool


@dataclass(frozen=True)
class Story:
    """A post that came through: what a digest is made of. `repeated_by` are ids of posts that say the same."""

    text: Text
    url: str
    category: str
    summary: str
    engine: str
    moment: datetime
    published_at: datetime | None
    repeated_by: tuple[str, ...] = ()


async def claim(connection: AsyncConnection, build_id: str, bot: Bot, limit: int) -> None:
    """Take over what earlier builds left unfinished, then the newest posts that no build has seen."""
    old = fates.c.prompt_version.is_distinct_from(bot.prompt_version) & (fates.c.state != "queued")
    left = fates.c.state.in_((*OPEN, "summarized")) & (fates.c.build_id.is_distinct_from(build_id))
    await connection.execute(
        sa.update(fates)
        .where(fates.c.bot_id == bot.id, left)
        .values(
            build_id=build_id,
            batch=None,
            tries=0,
            state=sa.case((old, "queued"), else_=fates.c.state),
            category=sa.case((old, None), else_=fates.c.category),
        )
    )
    have = sa.select(sa.func.count()).where(fates.c.build_id == build_id)
    room = max(0, limit - int((await connection.execute(have)).scalar_one()))
    never_seen = ~sa.exists().where(fates.c.post_id == posts.c.id, fates.c.bot_id == bot.id)
    new = (
        sa.select(sa.literal(bot.id), posts.c.id, sa.literal("queued"), sa.literal(build_id))
        .where(posts.c.channel_id.in_(bot.channels), posts.c.owner == _owner(bot.id), unprocessed(bot.id), never_seen)
        .order_by(posts.c.id.desc())
        .limit(room)
    )
    await connection.execute(
        insert(fates).from_select(["bot_id", "post_id", "state", "build_id"], new).on_conflict_do_nothing()
    )


def _owner(bot_id: str) -> sa.ScalarSelect[Any]:
    return sa.select(bots.c.owner).where(bots.c.id == bot_id).scalar_subquery()


async def claimed(connection: AsyncConnection, build_id: str) -> list[Claimed]:
    """Posts of a build that were not dropped, the longest first."""
    statement = (
        _texts(fates.c.state, fates.c.batch)
        .where(fates.c.build_id == build_id, fates.c.state.in_((*OPEN, "summarized")))
        .order_by(sa.func.length(posts.c.text).desc(), posts.c.id)
    )
    rows = (await connection.execute(statement)).all()
    return [Claimed(_text(row), row.state != "queued" or row.batch is not None) for row in rows]


async def remembered(connection: AsyncConnection, bot_id: str) -> list[Text]:
    """The latest posts of the bot's digests."""
    statement = _texts().where(fates.c.bot_id == bot_id, fates.c.state == "digested")
    rows = (await connection.execute(statement.order_by(posts.c.id.desc()).limit(REMEMBERED))).all()
    return [_text(row) for row in rows]


async def corpus(connection: AsyncConnection, channels: Sequence[str], limit: int) -> list[str]:
    """Texts of the newest posts, as the local engine learns words from."""
    statement = sa.select(posts.c.title, sa.func.substr(posts.c.text, 1, 2000).label("text"))
    newest = statement.where(posts.c.channel_id.in_(channels)).order_by(posts.c.id.desc()).limit(limit)
    return [f"{row.title}\n{row.text}" for row in (await connection.execute(newest)).all()]


async def drop_repetitions(connection: AsyncConnection, build_id: str, found: Mapping[str, tuple[str, str]]) -> None:
    """`found`: the post that is repeated, and a reason for a person, by the post that repeats it."""
    values = {"state": "dropped", "duplicate_of": sa.bindparam("repeated"), "reason": sa.bindparam("why")}
    rows = [{"this": post_id, "repeated": repeated, "why": reason} for post_id, (repeated, reason) in found.items()]
    queued = (fates.c.build_id == build_id) & (fates.c.state == "queued")
    await _each(connection, queued, values, rows)


async def set_alone(connection: AsyncConnection, build_id: str, post_ids: Sequence[str]) -> None:
    these = (fates.c.build_id == build_id) & fates.c.post_id.in_(post_ids)
    await connection.execute(sa.update(fates).where(these).values(alone=True))


async def cut(connection: AsyncConnection, build_id: str, first: int, count: int, size: int) -> dict[int, int]:
    """Put free posts into up to `count` batches, numbered from `first`; their sizes by number."""
    free = (fates.c.build_id == build_id) & fates.c.batch.is_(None) & fates.c.state.in_(OPEN)
    gone = {"state": "failed", "reason": "Its batches broke off again and again.", "updated_at": sa.func.now()}
    await connection.execute(sa.update(fates).where(free, fates.c.tries >= MOST_TRIES).values(gone))
    single = (fates.c.alone | (fates.c.tries > 0)).label("single")
    wanted = sa.select(fates.c.post_id, single).where(free).order_by(single, fates.c.post_id.desc())
    rows = (await connection.execute(wanted.limit(count * size))).all()
    shared = [row.post_id for row in rows if not row.single]
    groups = [shared[start : start + size] for start in range(0, len(shared), size)]
    groups += [[row.post_id] for row in rows if row.single]
    placed = [{"this": post_id, "n": n} for n, ids in enumerate(groups[:count], first) for post_id in ids]
    await _each(connection, fates.c.build_id == build_id, {"batch": sa.bindparam("n")}, placed)
    return {n: len(ids) for n, ids in enumerate(groups[:count], first)}


async def of_batch(connection: AsyncConnection, build_id: str, n: int, state: str) -> list[Text]:
    """Its posts in this state."""
    these = (fates.c.build_id == build_id) & (fates.c.batch == n) & (fates.c.state == state)
    return [_text(row) for row in (await connection.execute(_texts().where(these).order_by(posts.c.id))).all()]


async def keep_answers(
    connection: AsyncConnection, build_id: str, n: int, prompt_version: int, answers: Mapping[str, Answer]
) -> None:
    """Store categories, or summaries, of posts that this batch still has and that have none yet."""
    values = {
        "state": sa.bindparam("after"),
        "category": sa.func.coalesce(sa.bindparam("sorted_as", type_=sa.Text), fates.c.category),
        "summary": sa.bindparam("told"),
        "reason": sa.bindparam("why"),
        "engine": sa.bindparam("by"),
        "prompt_version": prompt_version,
    }
    rows = [{"this": post_id, "by": answer.engine, **_change(answer)} for post_id, answer in answers.items()]
    still = (fates.c.build_id == build_id) & (fates.c.batch == n) & (fates.c.state == sa.bindparam("before"))
    await _each(connection, still, values, rows)
    heard = sa.update(batches).where(batches.c.build_id == build_id, batches.c.n == n)
    await connection.execute(heard.values(touched_at=sa.func.now()))


def _change(answer: Answer) -> dict[str, Any]:
    """The state it follows, and what it sets."""
    told = "\n".join(answer.sentences)
    before, after = ("categorized", "summarized") if told else ("queued", "categorized")
    if not told and answer.category is None:
        after = "dropped"
    why = answer.reason if after == "dropped" else ""
    return {"before": before, "after": after, "sorted_as": answer.category, "told": told, "why": why}


async def _each(
    connection: AsyncConnection,
    where: sa.ColumnElement[bool],
    values: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """One update for each row, all in one go; `this` of a row is the post."""
    statement = sa.update(fates).where(where, fates.c.post_id == sa.bindparam("this"))
    if rows:
        await connection.execute(statement.values({**values, "updated_at": sa.func.now()}), rows)


async def stories(connection: AsyncConnection, build_id: str) -> list[Story]:
    """What a build has for its digest."""
    columns = (posts.c.url, posts.c.published_at, posts.c.created_at, fates.c.category, fates.c.summary, fates.c.engine)
    these = (fates.c.build_id == build_id) & (fates.c.state == "summarized")
    rows = (await connection.execute(_texts(*columns).where(these).order_by(posts.c.id))).all()
    same = sa.select(fates.c.duplicate_of, fates.c.post_id).where(
        fates.c.build_id == build_id, fates.c.duplicate_of.is_not(None)
    )
    repeated: dict[str, list[str]] = {}
    for row in (await connection.execute(same.order_by(fates.c.post_id))).all():
        repeated.setdefault(row.duplicate_of, []).append(row.post_id)
    return [
        Story(
            text=_text(row),
            url=row.url,
            category=row.category,
            summary=row.summary,
            engine=row.engine,
            moment=row.published_at or row.created_at,
            published_at=row.published_at,
            repeated_by=tuple(repeated.get(row.id, ())),
        )
        for row in rows
    ]


async def settle(connection: AsyncConnection, build_id: str, digest_id: str | None, dropped: Mapping[str, str]) -> None:
    """The end of a build: every summarized post is in the digest, or dropped with a reason."""
    mine = (fates.c.build_id == build_id) & (fates.c.state == "summarized")
    gone = {"state": "dropped", "reason": sa.bindparam("why")}
    await _each(connection, mine, gone, [{"this": post_id, "why": reason} for post_id, reason in dropped.items()])
    told = {"state": "digested", "digest_id": digest_id, "updated_at": sa.func.now()}
    await connection.execute(sa.update(fates).where(mine).values(told))
    await connection.execute(sa.update(fates).where(fates.c.build_id == build_id).values(batch=None))


async def tally(connection: AsyncConnection, build_id: str) -> dict[str, int]:
    """Number of posts by state."""
    statement = sa.select(fates.c.state, sa.func.count()).where(fates.c.build_id == build_id).group_by(fates.c.state)
    return {row[0]: int(row[1]) for row in (await connection.execute(statement)).all()}


def _texts(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    text = sa.func.substr(posts.c.text, 1, READ).label("text")
    return sa.select(posts.c.id, posts.c.title, text, *columns).join(fates, fates.c.post_id == posts.c.id)


def _text(row: sa.Row[Any]) -> Text:
    return Text(row.id, row.title, row.text)
