"""Reads RSS and Atom feeds, politely: conditional requests, back-off, one feed at a time."""

import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog

from digest.entries import read_feed
from digest.fetching import Fetched, Fetcher, FetchFailed
from digest.models import channels
from digest.store import channels as channel_store
from digest.store import posts
from warren.contracts.digest import PollFeed, PollReport
from warren.contracts.digest_queries import POSTS_PER_MESSAGE, AddPosts
from warren.contracts.digest_records import AddedPosts, NewPost
from warren.database import Database
from warren.worker.cruncher import Cruncher
from warren.worker.job import Job

log = structlog.get_logger(__name__)

LONGEST_WAIT = 86_400.0
"""Seconds between two polls of a feed that fails."""
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


class NotAFeed(FetchFailed):
    """What came cannot be read as RSS or Atom."""


@dataclass(frozen=True)
class Feeds:
    """What polling needs."""

    database: Database
    fetcher: Fetcher
    cruncher: Cruncher

    async def poll(self, job: Job[PollFeed]) -> PollReport:
        """Why a feed cannot be read is recorded in its channel and is no failure of the job. Raises
        `channel.not_found`."""
        payload = job.payload
        async with self.database.transaction() as connection:
            channel = await channel_store.find(connection, payload.owner, payload.channel_id)
            state = (await connection.execute(sa.select(channels).where(channels.c.id == channel.id))).one()
        if not channel.url:
            return PollReport(channel_id=channel.id, status="failed", error="This channel has no feed.")
        now = datetime.now(UTC)
        if channel.next_poll_at is not None and channel.next_poll_at > now and not payload.force:
            return PollReport(channel_id=channel.id, status="waiting")
        answer: Fetched | None = None
        try:
            answer = await self.fetcher.get(channel.url, _conditions(state))
            if answer.status == 304:
                await self._note(channel.id, channel.poll_seconds)
                return PollReport(channel_id=channel.id, status="unchanged")
            entries = await self._entries(answer)
        except FetchFailed as failed:
            wait = min(LONGEST_WAIT, channel.poll_seconds * 2.0 ** min(channel.failures + 1, 12))
            asked = _retry_after(answer) if answer is not None else 0.0
            await self._note(channel.id, max(wait, asked), error=failed.message, failures=channel.failures + 1)
            log.info("feed_failed", channel_id=channel.id, error=failed.message)
            return PollReport(channel_id=channel.id, status="failed", error=failed.message)
        added = await self._add(payload, entries)
        validators = {"etag": answer.headers.get("etag", ""), "last_modified": answer.headers.get("last-modified", "")}
        await self._note(channel.id, channel.poll_seconds, validators=validators)
        return PollReport(
            channel_id=channel.id,
            status="read",
            added=sum(part.added for part in added),
            duplicates=sum(part.duplicates for part in added),
            rejected=sum(part.rejected for part in added),
        )

    async def _entries(self, answer: Fetched) -> list[NewPost]:
        if answer.status >= 300:
            raise FetchFailed(f"It answered {answer.status}.")
        kind = answer.headers.get("content-type", "")
        entries, problem = await self.cruncher.run(read_feed, answer.body, kind)
        if problem:
            raise NotAFeed(problem)
        return entries

    async def _add(self, payload: PollFeed, entries: list[NewPost]) -> list[AddedPosts]:
        added = []
        for start in range(0, len(entries), POSTS_PER_MESSAGE):
            part = tuple(entries[start : start + POSTS_PER_MESSAGE])
            async with self.database.transaction() as connection:
                query = AddPosts(owner=payload.owner, channel_id=payload.channel_id, posts=part)
                added.append(await posts.add(connection, query))
        return added

    async def _note(
        self,
        channel_id: str,
        seconds: float,
        *,
        error: str = "",
        failures: int = 0,
        validators: Mapping[str, str] | None = None,
    ) -> None:
        noted = {
            "polled_at": sa.func.now(),
            "next_poll_at": sa.func.now() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds),
            "error": error[:500],
            "failures": failures,
            **(validators or {}),
        }
        async with self.database.transaction() as connection:
            await connection.execute(sa.update(channels).where(channels.c.id == channel_id).values(noted))


def _conditions(state: sa.Row[Any]) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if state.etag:
        headers["If-None-Match"] = state.etag
    if state.last_modified:
        headers["If-Modified-Since"] = state.last_modified
    return headers


def _retry_after(answer: Fetched) -> float:
    """Seconds, from a number or a date; 0 when the publisher does not say."""
    value = answer.headers.get("retry-after", "")
    if value.isdigit():
        return min(LONGEST_WAIT, float(value))
    try:
        return min(LONGEST_WAIT, max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time()))
    except ValueError:
        return 0.0
