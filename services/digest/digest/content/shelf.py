"""What there is to read: prepared content where there is any, else the library."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from digest.content.library import Library
from digest.store import content as store
from digest.topics.extract import key_of, language_of
from warren.contracts.chat import ContentItem, ContentKind

DAYS_TOPICS = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """Items by topic. `stale`: some are of the day before."""

    items: dict[str, list[ContentItem]]
    stale: bool

    def of(self, kind: ContentKind, language: str | None = None) -> list[ContentItem]:
        """Of one kind, topics taking turns; of this language, where there is any."""
        rows = [[item for item in items if item.kind is kind] for items in self.items.values()]
        longest = max(map(len, rows), default=0)
        mixed = [row[n] for n in range(longest) for row in rows if n < len(row)]
        once = list({item.id: item for item in mixed}.values())
        return [item for item in once if item.language == language] or once


class Shelf:
    """Needs the caller's transaction; the library is in memory."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def key(self, topic: str) -> str:
        """The same for topics that mean the same as far as words and the library's themes tell."""
        return self.library.key_of(topic, key_of(topic))

    async def offer(
        self, connection: AsyncConnection, owner: str, topics: Sequence[str], *, language: str | None = None
    ) -> Offer:
        """What there is on each topic. Without topics: what was prepared for the owner today, or the library's pick."""
        day = today()
        keys = {topic: self.key(topic) for topic in topics}
        prepared = await store.latest(connection, owner, list(keys.values()) if topics else None, day)
        items: dict[str, list[ContentItem]] = {}
        if not topics:
            items = {key: list(found.items) for key, found in prepared.items()}
            items = items or self._of_the_day(day, language)
        for topic, key in keys.items():
            found = prepared.get(key)
            items[topic] = list(found.items) if found else self.from_library(topic, day, language)
        return Offer(items, any(found.day < day for found in prepared.values()))

    def from_library(self, topic: str, day: date, language: str | None = None) -> list[ContentItem]:
        """Its items on the theme that a topic belongs to; none if it belongs to none."""
        theme = self.library.theme_of(topic)
        if theme is None:
            return []
        language = language or language_of(topic)
        return [item for kind in ContentKind for item in theme.content(topic, day, kind, language)]

    def knows(self, item_id: str) -> bool:
        """Whether it is an item of the library."""
        return item_id in self.library.ids

    def _of_the_day(self, day: date, language: str | None) -> dict[str, list[ContentItem]]:
        return {
            name: [item for kind in ContentKind for item in theme.content(name, day, kind, language)]
            for theme in self.library.of_the_day(day, DAYS_TOPICS)
            for name in (theme.names.get(language or "en", theme.id),)
        }


def today() -> date:
    """Days are UTC's."""
    return datetime.now(UTC).date()
