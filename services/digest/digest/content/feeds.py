"""Content from the owner's own channels: posts that are about a topic."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.content.library import item_id
from digest.models import channels, posts
from digest.topics.extract import language_of, stems
from warren.contracts.chat import ContentItem, ContentKind

LOOKED_AT = 300
"""Newest posts of an owner among which content is looked for."""
RECENT = timedelta(days=3)
TAKEN = 3
SHOWN = 500
"""Characters of a post."""
VIDEO_HOSTS = ("youtube.com", "youtu.be", "vimeo.com", "rutube.ru", "peertube.tv")


async def about(connection: AsyncConnection, owner: str, topic: str, day: date) -> list[ContentItem]:
    """The newest posts that have all words of the topic in their title or in the beginning of their text."""
    wanted = set(stems(topic))
    newest = (
        sa.select(posts.c.title, sa.func.left(posts.c.text, 2 * SHOWN).label("text"), posts.c.url, posts.c.author,
                  channels.c.name.label("channel"))
        .join(channels, channels.c.id == posts.c.channel_id)
        .where(posts.c.owner == owner, posts.c.url != "", posts.c.created_at > sa.func.now() - RECENT)
        .order_by(posts.c.id.desc())
        .limit(LOOKED_AT)
    )  # fmt: skip
    rows = (await connection.execute(newest)).all()
    fitting = [row for row in rows if wanted and wanted <= set(stems(f"{row.title} {row.text[:SHOWN]}"))]
    return [_item(row, topic, day) for row in fitting[:TAKEN]]


def _item(row: Any, topic: str, day: date) -> ContentItem:
    host = (urlsplit(row.url).hostname or "").removeprefix("www.").removeprefix("m.")
    kind = ContentKind.video if host in VIDEO_HOSTS else ContentKind.article
    text = row.text if len(row.text) <= SHOWN else row.text[: SHOWN - 1].rstrip() + "…"
    return ContentItem(
        id=item_id(kind, row.title, row.url), kind=kind, topic=topic, title=row.title or text[:100], text=text,
        author=row.author, source=row.channel, url=row.url, language=language_of(f"{row.title} {text}"),
        engine="feed", day=day,
    )  # fmt: skip
