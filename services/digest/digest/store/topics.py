"""Topics: what a person talks about, and what is popular with an owner's people."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.models_chat import popular_topics, topics, user_topics
from digest.topics.merging import merges, same_as
from warren.contracts.chat import PopularTopic, PopularTopics, TopicsReport, UserTopic

CURRENT = timedelta(hours=1)
"""How long a topic is a person's current one."""
HALF_LIFE = timedelta(days=1)
FORGOTTEN = 0.02
"""Popularity below which a topic is dropped: one message, after five to six days."""
COMPARED = 1000
"""Topics of an owner that a new one is compared with."""
POPULAR = 100


def decayed(now: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    """Popularity by now."""
    age = sa.func.greatest(sa.extract("epoch", now - topics.c.last_at), 0)
    return topics.c.popularity * sa.func.power(sa.literal(0.5, sa.Double), age / HALF_LIFE.total_seconds())


async def take_turns(connection: AsyncConnection, owner: str) -> None:
    """Messages of one owner are counted one after the other: at once, two that bring the same new topic would both
    find it new, and two that share topics could wait for each other."""
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"digest.topics {owner}"))))


async def count(connection: AsyncConnection, owner: str, key: str, name: str, at: datetime) -> str:
    """Count a message for a topic; returns the topic's name, which is another's that means the same."""
    known = sa.select(topics.c.key, topics.c.merged_into).where(topics.c.owner == owner)
    rows = (await connection.execute(known.order_by(topics.c.last_at.desc()).limit(COMPARED))).all()
    merged = {row.key: row.merged_into or row.key for row in rows}
    twin = same_as(key, list(merged))
    key = key if twin is None else merged[twin]
    moment = sa.literal(at, sa.DateTime(timezone=True))
    put = insert(topics).values(owner=owner, key=key, name=name, popularity=1.0, messages=1, last_at=at)
    counted = put.on_conflict_do_update(
        index_elements=["owner", "key"],
        set_={
            "popularity": decayed(moment) + 1,
            "messages": topics.c.messages + 1,
            "last_at": sa.func.greatest(topics.c.last_at, moment),
        },
    ).returning(topics.c.name)
    return str((await connection.execute(counted)).scalar_one())


async def set_current(
    connection: AsyncConnection, owner: str, user_id: str, topic: str, *, message_id: str, engine: str, since: datetime
) -> None:
    """Make it the person's topic, unless a later message has one already."""
    values = {"topic": topic, "message_id": message_id, "engine": engine, "since": since,
              "expires_at": since + CURRENT}  # fmt: skip
    await connection.execute(
        insert(user_topics)
        .values(owner=owner, user_id=user_id, **values)
        .on_conflict_do_update(
            index_elements=["owner", "user_id"],
            set_=values,
            where=user_topics.c.since <= sa.literal(since, sa.DateTime(timezone=True)),
        )
    )


async def current(connection: AsyncConnection, owner: str, user_id: str) -> UserTopic:
    """What a person talks about, if it was within the hour."""
    found = await connection.execute(
        sa.select(user_topics).where(
            user_topics.c.owner == owner, user_topics.c.user_id == user_id, user_topics.c.expires_at > sa.func.now()
        )
    )
    row = found.mappings().one_or_none()
    return UserTopic(user_id=user_id) if row is None else UserTopic.model_validate(dict(row))


async def popular(connection: AsyncConnection, owner: str, limit: int) -> PopularTopics:
    """As of the last refresh."""
    wanted = (
        sa.select(popular_topics).where(popular_topics.c.owner == owner).order_by(popular_topics.c.rank).limit(limit)
    )
    rows = (await connection.execute(wanted)).mappings().all()
    return PopularTopics(
        topics=tuple(PopularTopic.model_validate(dict(row)) for row in rows),
        refreshed_at=rows[0]["refreshed_at"] if rows else None,
    )


async def refresh(connection: AsyncConnection) -> TopicsReport:
    """Merge what means the same, forget what nobody mentions any more, and keep the list of what is popular."""
    now = sa.func.now()
    # The messages of a moment before may be counted by others meanwhile; they wait for this.
    await connection.execute(sa.text("LOCK TABLE digest.topics IN SHARE ROW EXCLUSIVE MODE"))
    gone = await connection.execute(topics.delete().where(decayed(now) < FORGOTTEN))
    owners = (await connection.execute(sa.select(topics.c.owner).distinct())).scalars().all()
    merged = 0
    for owner in owners:
        merged += await _merge(connection, owner)
    ranked = (
        sa.select(
            topics.c.owner,
            sa.func.row_number().over(partition_by=topics.c.owner, order_by=decayed(now).desc()).label("rank"),
            topics.c.name,
            decayed(now).label("popularity"),
            topics.c.messages,
            topics.c.last_at,
            now.label("refreshed_at"),
        )
        .where(topics.c.merged_into.is_(None))
        .subquery()
    )
    await connection.execute(popular_topics.delete())
    await connection.execute(
        popular_topics.insert().from_select(
            ["owner", "rank", "topic", "popularity", "messages", "last_at", "refreshed_at"],
            sa.select(ranked).where(ranked.c.rank <= POPULAR),
        )
    )
    total = (await connection.execute(sa.select(sa.func.count()).select_from(topics))).scalar_one()
    return TopicsReport(topics=total, merged=merged, forgotten=gone.rowcount)


async def _merge(connection: AsyncConnection, owner: str) -> int:
    """Two messages may have brought two spellings at the same moment."""
    mine = sa.select(topics).where(topics.c.owner == owner, topics.c.merged_into.is_(None))
    found = await connection.execute(mine.order_by(decayed(sa.func.now()).desc()).limit(COMPARED))
    rows = {row["key"]: dict(row) for row in found.mappings()}
    merged = merges(rows)
    for key, twin in merged.items():
        lost, kept = rows[key], rows[twin]
        last_at = max(lost["last_at"], kept["last_at"])
        changed = {
            "popularity": sum(
                row["popularity"] * 0.5 ** ((last_at - row["last_at"]) / HALF_LIFE) for row in (lost, kept)
            ),
            "messages": lost["messages"] + kept["messages"],
            "last_at": last_at,
        }
        kept.update(changed)
        await connection.execute(topics.update().where(topics.c.owner == owner, topics.c.key == twin).values(changed))
        await connection.execute(
            topics.update()
            .where(topics.c.owner == owner, sa.or_(topics.c.key == key, topics.c.merged_into == key))
            .values(merged_into=twin, popularity=0.0)
        )
    return len(merged)
