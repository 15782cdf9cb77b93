"""A person's recommendations: read, and made anew."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from digest.content.recommend import Said, picked, recommend
from digest.content.shelf import Shelf
from digest.store import content, messages
from warren.contracts.chat import Recommendations, RecommendationsQuery

MOST = 30
MESSAGES = 10
"""Latest messages of a person that recommendations look at."""


async def refresh(connection: AsyncConnection, shelf: Shelf, owner: str, user_id: str) -> Recommendations:
    """Make and keep them."""
    rows = await messages.recent(connection, owner, user_id, MESSAGES)
    said = [Said(row.id, row.text, tuple(row.topics)) for row in rows]
    topics = list(dict.fromkeys(topic for message in said for topic in message.topics))
    read = await content.read_by(connection, owner, user_id)
    offer = await shelf.offer(connection, owner, topics)
    chosen = recommend(said, offer.items, read, MOST)
    if not chosen:
        offer = await shelf.offer(connection, owner, [])
        everything = [item for items in offer.items.values() for item in items]
        chosen = picked(everything, read, MOST, said[0] if said else None)
    now = datetime.now(UTC)
    return await content.recommend(connection, owner, user_id, chosen, stale=offer.stale, now=now)


async def recommendations(connection: AsyncConnection, shelf: Shelf, query: RecommendationsQuery) -> Recommendations:
    """The kept ones while they are fresh, without what was read since; else new ones."""
    kept = await content.recommended(connection, query.owner, query.user_id)
    read = await content.read_by(connection, query.owner, query.user_id)
    items = [one for one in kept.items if one.item.id not in read] if kept else []
    if kept is None or not items:
        kept = await refresh(connection, shelf, query.owner, query.user_id)
        items = list(kept.items)
    return kept.model_copy(update={"items": tuple(items[: query.limit])})
