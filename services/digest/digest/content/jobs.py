"""Scheduled work: the day's content, popular topics, and what has had its time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.content import feeds, writing
from digest.content.shelf import Shelf, today
from digest.models_chat import recommendations, topics, user_topics
from digest.settings import DigestSettings
from digest.store import content as store
from digest.store import messages, slots
from digest.store import topics as topic_store
from warren import jobs
from warren.contracts.chat import (
    Cleanup,
    CleanupReport,
    ContentItem,
    ContentKind,
    DailyContent,
    DailyReport,
    PreparedContent,
    RefreshTopics,
    TopicContent,
    TopicsReport,
)
from warren.contracts.usage import Usage
from warren.database import Database
from warren.ids import new_id
from warren.llm import LlmClient, LlmError
from warren.worker.job import Job

log = structlog.get_logger(__name__)

AHEAD = timedelta(hours=1)
"""The last slot of a day prepares the next day too, so that its first hour has content of its own."""


class ContentJobs:
    """Handlers."""

    def __init__(
        self, database: Database, send: jobs.Send, shelf: Shelf, llm: LlmClient | None, settings: DigestSettings
    ) -> None:
        self._database = database
        self._send = send
        self._shelf = shelf
        self._llm = llm
        self._daily_topics = settings.daily_topics
        self._keep_messages = timedelta(seconds=settings.chat_keep_seconds)

    async def daily(self, job: Job[DailyContent]) -> DailyReport:
        """Sends a job for each topic that has no content yet: a day that could not be prepared is tried every hour."""
        at = datetime.fromisoformat(job.payload.slot)
        async with self._database.transaction() as connection:
            if not await slots.claim(connection, job.payload.kind, job.payload.slot, job.id):
                return DailyReport()
            wanted = [
                TopicContent(owner=owner, topic=topic, day=day)
                for day in sorted({at.date(), (at + AHEAD).date()})
                for owner, topic in await self._popular(connection)
                if not await store.has(connection, owner, self._shelf.key(topic), day)
            ]
        # A crash in between has the job delivered again, and these are sent again, which does no harm.
        for payload in wanted:
            await self._send(jobs.JobMessage.of(new_id("job"), payload))
        return DailyReport(owners=len({one.owner for one in wanted}), topics=len(wanted))

    async def _popular(self, connection: AsyncConnection) -> list[tuple[str, str]]:
        """(owner, topic) of what people talk about most now."""
        popularity = topic_store.decayed(sa.func.now())
        place = sa.func.row_number().over(partition_by=topics.c.owner, order_by=popularity.desc()).label("place")
        ranked = sa.select(topics.c.owner, topics.c.name, place).where(topics.c.merged_into.is_(None)).subquery()
        best = sa.select(ranked.c.owner, ranked.c.name).where(ranked.c.place <= self._daily_topics)
        return [(owner, name) for owner, name in (await connection.execute(best)).all()]

    async def prepare(self, job: Job[TopicContent]) -> PreparedContent:
        """Feeds first, then what a model writes, or else the library. If the model cannot be had, what the day before
        has stands in."""
        owner, topic, day = job.payload.owner, job.payload.topic, job.payload.day
        key = self._shelf.key(topic)
        async with self._database.transaction() as connection:
            before = (await store.latest(connection, owner, [key], day)).get(key)
            found = await feeds.about(connection, owner, topic, day)
        if before is not None and before.day == day:
            return _report(before.items, before.items[0].engine)
        written: list[ContentItem] = []
        usage = Usage()
        warnings: tuple[str, ...] = ()
        if self._llm is not None:
            try:
                written, usage = await writing.write(self._llm, topic, day)
            except LlmError as error:
                log.warning("content_not_written", topic_key=key, reason=error.message)
                warnings = (f"The model is not available: {error.message}.",)
                if before is not None:
                    return _report(before.items, before.items[0].engine, warnings)
        shelved = self._shelf.from_library(topic, day)
        if written:
            shelved = [item for item in shelved if item.kind is ContentKind.quote]
        items = [*found, *written, *shelved]
        async with self._database.transaction() as connection:
            await store.add(connection, owner, key, day, items)
        return _report(items, next((item.engine for item in (*written, *items)), "local"), warnings, usage)

    async def refresh(self, job: Job[RefreshTopics]) -> TopicsReport:
        async with self._database.transaction() as connection:
            if not await slots.claim(connection, job.payload.kind, job.payload.slot, job.id):
                return TopicsReport()
            return await topic_store.refresh(connection)

    async def clean_up(self, job: Job[Cleanup]) -> CleanupReport:
        async with self._database.transaction() as connection:
            if not await slots.claim(connection, job.payload.kind, job.payload.slot, job.id):
                return CleanupReport()
            now = sa.func.now()
            topics_gone = await connection.execute(user_topics.delete().where(user_topics.c.expires_at < now))
            recommended = await connection.execute(recommendations.delete().where(recommendations.c.expires_at < now))
            return CleanupReport(
                content=await store.purge(connection, today()),
                messages=await messages.purge(connection, self._keep_messages),
                user_topics=topics_gone.rowcount,
                recommendations=recommended.rowcount,
            )


def _report(
    items: Iterable[ContentItem], engine: str, warnings: tuple[str, ...] = (), usage: Usage | None = None
) -> PreparedContent:
    kinds = [item.kind for item in items]
    return PreparedContent(
        quotes=kinds.count(ContentKind.quote),
        articles=kinds.count(ContentKind.article),
        videos=kinds.count(ContentKind.video),
        engine=engine,
        warnings=warnings,
        usage=usage or Usage(),
    )
