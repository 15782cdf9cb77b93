"""The small library that is shipped with the service: themes with texts of our own, quotes from the public domain with
their sources, and videos as words to search for, because addresses nobody checks go bad."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from importlib.resources import files
from typing import Self

from pydantic import BaseModel, ConfigDict

from digest.stems import stem
from digest.topics.extract import stems
from warren.contracts.chat import ContentItem, ContentKind

WARREN = "Warren's library"


class LibraryItem(BaseModel):
    """A quote, article or video as the file has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ContentKind
    language: str
    title: str
    text: str
    author: str = ""
    source: str = ""
    search: str | None = None

    def shown(self, topic: str, day: date) -> ContentItem:
        return ContentItem(
            **self.model_dump(exclude={"source"}),
            id=item_id(self.kind, self.title, self.text),
            topic=topic,
            source=self.source or WARREN,
            engine="library",
            day=day,
        )


class Theme(BaseModel):
    """Something people often talk about: `names` and `keywords` by language."""

    id: str
    names: dict[str, str]
    keywords: dict[str, tuple[str, ...]]
    items: tuple[LibraryItem, ...]

    @cached_property
    def stems(self) -> frozenset[str]:
        """Of all its keywords."""
        return frozenset(stem(word) for words in self.keywords.values() for word in words)

    def content(self, topic: str, day: date, kind: ContentKind, language: str | None = None) -> list[ContentItem]:
        """Its items of one kind, begun at another one every day; of that language, where it has any."""
        found = [item for item in self.items if item.kind is kind]
        found = [item for item in found if item.language == language] or found
        first = day.toordinal() % len(found) if found else 0
        return [item.shown(topic, day) for item in [*found[first:], *found[:first]]]


class Library(BaseModel):
    """All themes."""

    themes: tuple[Theme, ...]

    @classmethod
    def load(cls) -> Self:
        """From the package."""
        return cls.model_validate_json(files("digest.content").joinpath("library.json").read_bytes())

    @cached_property
    def ids(self) -> frozenset[str]:
        """Of all items."""
        return frozenset(item_id(item.kind, item.title, item.text) for theme in self.themes for item in theme.items)

    def theme_of(self, text: str) -> Theme | None:
        """The theme that shares most words with a topic or a message; None if none shares any."""
        words = stems(text)
        best = max(self.themes, key=lambda theme: sum(word in theme.stems for word in words))
        return best if any(word in best.stems for word in words) else None

    def key_of(self, topic: str, otherwise: str) -> str:
        """The same key for all topics that say no more than the name of a theme, in any language."""
        words = set(stems(topic))
        for theme in self.themes:
            if words and words <= theme.stems:
                return f"={theme.id}"
        return otherwise

    def of_the_day(self, day: date, count: int = 3) -> Sequence[Theme]:
        """Themes for those who talk about nothing yet: others every day."""
        first = day.toordinal() * count
        return [self.themes[(first + n) % len(self.themes)] for n in range(min(count, len(self.themes)))]


def item_id(kind: ContentKind, title: str, text: str) -> str:
    """The same for the same content, on whatever day and under whatever topic: who has read it has read it."""
    return "cnt_" + hashlib.sha256(f"{kind.value}\0{title}\0{text}".encode()).hexdigest()[:24]


def unread(items: Iterable[ContentItem], read: frozenset[str]) -> list[ContentItem]:
    """Without what has been read, and each once."""
    return list({item.id: item for item in items if item.id not in read}.values())
