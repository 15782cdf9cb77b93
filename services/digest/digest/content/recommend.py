"""Chooses what a person may like to read next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.content.library import unread
from digest.topics.extract import language_of
from warren.contracts.chat import ContentItem, Recommendation

QUOTED = 80
"""Characters of a message that a reason cites."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the person, and what it is about, the best topic first."""

    message_id: str
    text: str
    topics: tuple[str, ...]


def recommend(
    said: Sequence[Said], offered: Mapping[str, Sequence[ContentItem]], read: frozenset[str], limit: int
) -> list[Recommendation]:
    """The best of what is offered on each topic: what was said last counts most, kinds take turns, each item comes
    once, and nothing that was read. `said` has the newest message first."""
    chosen: dict[str, Recommendation] = {}
    for age, message in enumerate(said):
        for rank, topic in enumerate(message.topics):
            for place, item in enumerate(_by_turns(unread(offered.get(topic, ()), read))):
                score = 1.0 / (1 + age) / (1 + 0.5 * rank) / (1 + 0.25 * place)
                if item.id not in chosen or chosen[item.id].score < score:
                    chosen[item.id] = _because(message, item, score)
    return sorted(chosen.values(), key=lambda one: (-one.score, one.item.id))[:limit]


def picked(
    items: Sequence[ContentItem], read: frozenset[str], limit: int, said: Said | None = None
) -> list[Recommendation]:
    """For one who has said nothing with a topic yet, and so has no message to name; or nothing that anything here is
    about, which is then said."""
    chosen = []
    for place, item in enumerate(_by_turns(unread(items, read))[:limit]):
        score = round(0.1 / (1 + place), 4)
        if said is None:
            reason = _PICKED[item.language if item.language in _PICKED else "en"]
            chosen.append(Recommendation(item=item, reason=reason, score=score))
        else:
            quoted = _quoted(said.text)
            reason = _NOTHING_ON[language_of(said.text)].format(quoted=quoted, topic=said.topics[0])
            chosen.append(
                Recommendation(item=item, reason=reason, message_id=said.message_id, quoted=quoted, score=score)
            )
    return chosen


_PICKED = {"en": "Picked for today; say something, and it will be about that.",
           "ru": "Выбрано на сегодня; напишите что-нибудь, и подборка будет об этом."}  # fmt: skip
_BECAUSE = {"en": "Because you wrote “{quoted}”: this is about {topic}.",
            "ru": "Потому что вы написали «{quoted}»: это на тему «{topic}»."}  # fmt: skip

_NOTHING_ON = {
    "en": "You wrote “{quoted}”. There is nothing on {topic} here yet; this was picked for today.",
    "ru": "Вы написали «{quoted}». На тему «{topic}» здесь пока ничего нет; это выбрано на сегодня.",
}


def _because(message: Said, item: ContentItem, score: float) -> Recommendation:
    quoted = _quoted(message.text)
    reason = _BECAUSE[language_of(message.text)].format(quoted=quoted, topic=item.topic)
    return Recommendation(item=item, reason=reason, message_id=message.message_id, quoted=quoted, score=round(score, 4))


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTED else line[: QUOTED - 1].rstrip() + "…"


def _by_turns(items: Sequence[ContentItem]) -> list[ContentItem]:
    """An article, a quote, a video, an article, …"""
    kinds: dict[str, list[ContentItem]] = {}
    for item in items:
        kinds.setdefault(item.kind.value, []).append(item)
    ordered = [kinds[kind] for kind in sorted(kinds)]
    longest = max((len(of_kind) for of_kind in ordered), default=0)
    return [of_kind[n] for n in range(longest) for of_kind in ordered if n < len(of_kind)]
