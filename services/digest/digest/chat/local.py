"""The reply without a language model: no conversation, but something to read on what was said, and no pretence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.chat.wording import Wording, wording
from digest.topics.extract import language_of
from warren.contracts.chat import ContentItem, ContentKind

_HELLO = re.compile(
    r"^\W*(hi|hello|hey|good (morning|evening|day)|привет\w*|здравствуй\w*|добр\w+ (день|утро|вечер))\b", re.IGNORECASE
)
_THANKS = re.compile(r"\b(thanks|thank you|спасибо|благодарю)\b", re.IGNORECASE)
_ABOUT = re.compile(
    r"\b(who|what) (are|can) you\b|\bhelp$|\b(кто ты|что ты (умеешь|можешь)|кто вы|что вы умеете)\b", re.IGNORECASE
)
SHOWN_THEMES = 8


@dataclass(frozen=True, slots=True)
class Material:
    """What is at hand: `items` on `topic`, unread ones first. `carried`: the topic is that of an earlier message."""

    topic: str | None
    items: Sequence[ContentItem]
    themes: Sequence[str]
    carried: bool = False


def reply(message: str, material: Material) -> str:
    """Plain text with blank lines between its parts; in Russian to a Russian message, else in English."""
    words = wording(language_of(message))
    themes = ", ".join(material.themes[:SHOWN_THEMES])
    if _ABOUT.search(message):
        return words.about.format(themes=themes)
    small_talk = words.hello if _HELLO.search(message) else words.welcome if _THANKS.search(message) else ""
    if material.topic is None or not material.items or (small_talk and material.carried):
        return small_talk or words.nothing.format(themes=themes)
    opening = (words.still if material.carried else words.found).format(topic=material.topic)
    greeting = words.greeting if small_talk == words.hello else small_talk
    parts = [greeting, opening, *_shown(material.items, words), words.honest]
    return "\n\n".join(part for part in parts if part)


def _shown(items: Sequence[ContentItem], words: Wording) -> list[str]:
    """One of each kind."""
    first = {kind: next((item for item in items if item.kind is kind), None) for kind in ContentKind}
    article, quote, video = first[ContentKind.article], first[ContentKind.quote], first[ContentKind.video]
    parts = []
    if article is not None:
        parts.append("\n".join(filter(None, [article.title, article.text, article.url])))
    if quote is not None:
        parts.append(words.quote.format(text=quote.text, author=quote.author, source=quote.source))
    if video is not None:
        parts.append(
            f"{video.title}: {video.url}" if video.url else words.watch.format(title=video.title, search=video.search)
        )
    return parts
