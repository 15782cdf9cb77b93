"""Prepared content, what was read of it, and recommendations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.models_chat import content, reads, recommendations
from warren.contracts.chat import ContentItem, ContentKind, Recommendation, Recommendations

KEPT_DAYS = 1
"""Content is for a day, and stands in for the next when that could not be prepared."""
RECOMMENDED = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Items of one topic, of `day`, best first."""

    items: tuple[ContentItem, ...]
    day: date

    def of(self, kind: ContentKind) -> list[ContentItem]:
        return [item for item in self.items if item.kind is kind]


async def add(connection: AsyncConnection, owner: str, key: str, day: date, items: Iterable[ContentItem]) -> None:
    """Keep a topic's content. What is there already stays."""
    rows = [
        {"owner": owner, "day": day, "key": key, "id": item.id, "kind": item.kind.value, "place": place,
         "item": item.model_dump(mode="json")}
        for place, item in enumerate(items)
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(content).values(rows).on_conflict_do_nothing())


async def latest(connection: AsyncConnection, owner: str, keys: Sequence[str] | None, day: date) -> dict[str, Prepared]:
    """For each of these topics (None: all there are) the newest content, of `day` or the one before."""
    wanted = sa.select(content.c.key, content.c.day, content.c.item).where(
        content.c.owner == owner, content.c.day.between(day - timedelta(days=KEPT_DAYS), day)
    )
    if keys is not None:
        wanted = wanted.where(content.c.key == sa.any_(sa.literal(list(keys), sa.ARRAY(sa.Text))))
    found: dict[str, Prepared] = {}
    for row in await connection.execute(wanted.order_by(content.c.day.desc(), content.c.place)):
        before = found.get(row.key, Prepared((), row.day))
        if before.day == row.day:
            item = ContentItem.model_validate(row.item)
            found[row.key] = Prepared((*before.items, item), row.day)
    return found


async def has(connection: AsyncConnection, owner: str, key: str, day: date) -> bool:
    """Whether a topic's content of the day is there."""
    wanted = sa.exists().where(content.c.owner == owner, content.c.key == key, content.c.day == day)
    return bool((await connection.execute(sa.select(wanted))).scalar_one())


async def read_by(connection: AsyncConnection, owner: str, user_id: str) -> frozenset[str]:
    """Ids of all that a person has read."""
    wanted = sa.select(reads.c.item_id).where(reads.c.owner == owner, reads.c.user_id == user_id)
    return frozenset((await connection.execute(wanted)).scalars())


async def mark_read(connection: AsyncConnection, owner: str, user_id: str, ids: Iterable[str]) -> None:
    """Again does no harm."""
    rows = [{"owner": owner, "user_id": user_id, "item_id": item_id} for item_id in ids]
    if rows:
        await connection.execute(insert(reads).values(rows).on_conflict_do_nothing())


async def known(connection: AsyncConnection, owner: str, ids: Sequence[str]) -> set[str]:
    """Those of the ids that the owner's prepared content or people's recommendations have."""
    wanted = sa.literal(list(ids), sa.ARRAY(sa.Text))
    prepared = sa.select(content.c.id).where(content.c.owner == owner, content.c.id == sa.any_(wanted))
    before = sa.select(reads.c.item_id).where(reads.c.owner == owner, reads.c.item_id == sa.any_(wanted))
    return set((await connection.execute(sa.union(prepared, before))).scalars())


async def recommended(connection: AsyncConnection, owner: str, user_id: str) -> Recommendations | None:
    """A person's recommendations, if they are still fresh."""
    wanted = sa.select(recommendations).where(
        recommendations.c.owner == owner,
        recommendations.c.user_id == user_id,
        recommendations.c.expires_at > sa.func.now(),
    )
    row = (await connection.execute(wanted)).mappings().one_or_none()
    return None if row is None else Recommendations.model_validate(dict(row))


async def recommend(
    connection: AsyncConnection,
    owner: str,
    user_id: str,
    items: Sequence[Recommendation],
    *,
    stale: bool,
    now: datetime,
) -> Recommendations:
    """Replace a person's recommendations."""
    values = {
        "items": [item.model_dump(mode="json") for item in items],
        "stale": stale,
        "made_at": now,
        "expires_at": now + RECOMMENDED,
    }
    await connection.execute(
        insert(recommendations)
        .values(owner=owner, user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["owner", "user_id"], set_=values)
    )
    return Recommendations(user_id=user_id, items=tuple(items), made_at=now, expires_at=now + RECOMMENDED, stale=stale)


async def purge(connection: AsyncConnection, today: date) -> int:
    """Remove content that stands in for nothing any more; returns how many items."""
    gone = await connection.execute(content.delete().where(content.c.day < today - timedelta(days=KEPT_DAYS)))
    return gone.rowcount
