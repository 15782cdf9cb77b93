"""Texts that were found, with their places on a map."""

from collections.abc import Sequence

import sqlalchemy as sa

from analyzer.models import texts, vectors
from analyzer.texts.children import Children
from analyzer.texts.vectors import teach
from warren.contracts.texts import SimilarTexts
from warren.database import Database


async def mapped(
    database: Database, children: Children, owner: str, found: SimilarTexts, *, asked: str | bytes | None
) -> SimilarTexts:
    """The same, drawn around what was asked for: the `track_id` of a text, or a packed vector. A text that has changed
    meanwhile has no place. Raises `TransientError`."""
    names = [text.track_id for text in found.data]
    known = await _vectors(database, owner, found.model, [*names, asked] if isinstance(asked, str) else names)
    origin = known.get(asked) if isinstance(asked, str) else asked
    there = [name for name in names if name in known]
    if origin is None or not there:
        return found
    projection = await children.project([origin, *(known[name] for name in there)])
    middle, *points = projection.points
    places = dict(zip(there, points, strict=True))
    data = tuple(
        text.model_copy(update=places[text.track_id].model_dump()) if text.track_id in places else text
        for text in found.data
    )
    return found.model_copy(update={"data": data, "origin": middle, "explained": projection.explained})


async def _vectors(database: Database, owner: str, model: str, names: Sequence[str]) -> dict[str, bytes]:
    wanted = sa.select(vectors.c.track_id, vectors.c.embedding).join(texts, texts.c.id == vectors.c.id)
    these = wanted.where(texts.c.owner == owner, texts.c.track_id.in_(names), vectors.c.model == model)
    async with database.transaction() as connection:
        await teach(connection)
        return {row.track_id: row.embedding for row in await connection.execute(these)}
