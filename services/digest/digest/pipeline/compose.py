"""Chooses the stories of a digest and puts them in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from digest.credits import without_credit
from digest.store.fates import Story
from warren.contracts.digest_records import Category, DigestItem, Section, Sentence


@dataclass(frozen=True)
class Chosen:
    """`dropped` has the reason, for a person, by post."""

    stories: tuple[Story, ...]
    dropped: dict[str, str]


def choose(stories: Sequence[Story], categories: Sequence[Category], most: int) -> Chosen:
    """The best stories, each category in turn: told by most sources, then newest."""
    queues = {category.name: [story for story in ranked(stories) if story.category == category.name]
              for category in categories}  # fmt: skip
    order: list[Story] = []
    while any(queues.values()):
        # A round takes one of each category, the strongest first, so that a cut in its middle takes the weakest.
        heads = [queue.pop(0) for queue in queues.values() if queue]
        order += ranked(heads)
    dropped = {
        story.text.id: f"It came {place} of {len(order)} stories, and a digest of this bot holds {most}."
        for place, story in enumerate(order[most:], most + 1)
    }
    return Chosen(tuple(order[:most]), dropped)


def ranked(stories: Sequence[Story]) -> list[Story]:
    """The best first."""
    return sorted(stories, key=lambda story: (len(story.repeated_by), story.moment, story.text.id), reverse=True)


def sections(chosen: Sequence[Story], categories: Sequence[Category]) -> tuple[Section, ...]:
    """Grouped by category, in the bot's order. Every sentence names the posts that it came from."""
    made = []
    for category in categories:
        items = tuple(item(story) for story in ranked([s for s in chosen if s.category == category.name]))
        if items:
            made.append(Section(category=category.name, items=items))
    return tuple(made)


def item(story: Story) -> DigestItem:
    return DigestItem(
        title=headline(story.text.title, story.text.text),
        url=story.url,
        sentences=tuple(Sentence(text=line, post_ids=(story.text.id,)) for line in story.summary.splitlines()),
        post_ids=(story.text.id, *story.repeated_by),
        published_at=story.published_at,
    )


def headline(title: str, text: str) -> str:
    """The post's title, or the beginning of its text."""
    if title:
        return without_credit(title)
    start = text.split("\n", 1)[0][:100]
    return start if len(text) <= len(start) else f"{start.rsplit(' ', 1)[0]}…"
