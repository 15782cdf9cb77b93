"""Chat messages: what was said, what was replied, and what they turned out to be about."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.models_chat import messages
from warren.contracts.chat import ChatReply, FindTopics, FollowUp, Recommend

RECENT = timedelta(days=2)
"""How far back recommendations look for topics."""
DIALOG = timedelta(hours=1)
"""A message after so long a silence begins a new conversation."""


async def find(connection: AsyncConnection, owner: str, message_id: str) -> Any:
    """The row of a message, or None."""
    wanted = sa.select(messages).where(messages.c.owner == owner, messages.c.id == message_id)
    return (await connection.execute(wanted)).one_or_none()


async def add(
    connection: AsyncConnection, message_id: str, owner: str, user_id: str, text: str, reply: ChatReply
) -> None:
    """Keep a message with its reply. Again does no harm."""
    topics_job_id, recommend_job_id = reply.follow_ups
    await connection.execute(
        insert(messages)
        .values(
            id=message_id,
            owner=owner,
            user_id=user_id,
            text=text,
            reply=reply.model_dump(mode="json"),
            topics_job_id=topics_job_id,
            recommend_job_id=recommend_job_id,
        )
        .on_conflict_do_nothing()
    )


async def dialog(connection: AsyncConnection, owner: str, user_id: str, limit: int) -> list[tuple[str, str]]:
    """The last (message, reply) pairs of a person's present conversation, oldest first."""
    wanted = (
        sa.select(messages.c.text, messages.c.reply["reply"].astext)
        .where(
            messages.c.owner == owner,
            messages.c.user_id == user_id,
            messages.c.created_at > sa.func.now() - DIALOG,
        )
        .order_by(messages.c.created_at.desc())
        .limit(limit)
    )
    return [(text, reply) for text, reply in (await connection.execute(wanted)).all()][::-1]


async def recent(connection: AsyncConnection, owner: str, user_id: str, limit: int) -> Sequence[Any]:
    """Rows (id, text, topics) of a person's messages that have a topic, newest first."""
    wanted = (
        sa.select(messages.c.id, messages.c.text, messages.c.topics)
        .where(
            messages.c.owner == owner,
            messages.c.user_id == user_id,
            messages.c.created_at > sa.func.now() - RECENT,
            sa.func.cardinality(messages.c.topics) > 0,
        )
        .order_by(messages.c.created_at.desc())
        .limit(limit)
    )
    return (await connection.execute(wanted)).all()


async def set_topics(connection: AsyncConnection, message_id: str, topics: Sequence[str], engine: str) -> None:
    """Say what a message is about."""
    values = {"topics": list(topics), "topics_engine": engine}
    await connection.execute(messages.update().where(messages.c.id == message_id).values(values))


async def set_recommended(connection: AsyncConnection, owner: str, user_id: str) -> None:
    """Recommendations take all messages with topics into account now."""
    await connection.execute(
        messages.update()
        .where(
            messages.c.owner == owner,
            messages.c.user_id == user_id,
            messages.c.topics.is_not(None),
            messages.c.recommended_at.is_(None),
        )
        .values(recommended_at=sa.func.now())
    )


async def follow_up(connection: AsyncConnection, owner: str, job_id: str) -> FollowUp:
    """What became of a job that follows a message."""
    wanted = sa.select(messages).where(
        messages.c.owner == owner, sa.or_(messages.c.topics_job_id == job_id, messages.c.recommend_job_id == job_id)
    )
    row = (await connection.execute(wanted)).one_or_none()
    if row is None:
        return FollowUp(status="unknown")
    of_topics = row.topics_job_id == job_id
    done = row.topics is not None if of_topics else row.recommended_at is not None
    return FollowUp(
        status="completed" if done else "queued",
        kind=FindTopics.kind if of_topics else Recommend.kind,
        message_id=row.id,
        topic=next(iter(row.topics or ()), None),
    )


async def purge(connection: AsyncConnection, older_than: timedelta) -> int:
    """Remove old messages; returns how many."""
    gone = await connection.execute(messages.delete().where(messages.c.created_at < sa.func.now() - older_than))
    return gone.rowcount
