"""The vectors of texts, in segments: partitions of 50,000 that fill one after the other, each with graphs of its own.

To insert into a graph costs the more the larger it is: beyond what the processor's cache holds, each step along it
waits for memory. In segments a vector costs the same, however many there are, and a search asks each of them.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.models import vectors
from analyzer.texts.store.keys import Key, columns
from analyzer.texts.vectors import teach

_MAKE_ROOM = sa.text("SELECT analyzer.make_room(CAST(:id AS bigint[]))")

_PUT = sa.text(
    """
    INSERT INTO analyzer.vectors (id, owner, track_id, model, language, topics, embedding)
    SELECT id, owner, track_id, model, features ->> 'language',
        ARRAY(SELECT jsonb_array_elements_text(features -> 'topics')), embedding
    FROM analyzer.texts JOIN unnest(
        CAST(:owner AS text[]), CAST(:track_id AS text[]), CAST(:embedding AS halfvec[])
    ) AS new(owner, track_id, embedding) USING (owner, track_id)
    ON CONFLICT (id) DO UPDATE SET model = excluded.model, language = excluded.language, topics = excluded.topics,
        embedding = excluded.embedding
    """
)


async def put(connection: AsyncConnection, ids: Mapping[Key, int], embeddings: Mapping[Key, bytes | None]) -> None:
    """The vectors of texts that were just written, instead of those they had. None: of a text with nothing in it."""
    await teach(connection)
    await remove(connection, [ids[key] for key, embedding in embeddings.items() if embedding is None])
    there = {key: embedding for key, embedding in embeddings.items() if embedding is not None}
    if not there:
        return
    await connection.execute(_MAKE_ROOM, {"id": [ids[key] for key in there]})
    await connection.execute(_PUT, {**columns(there), "embedding": list(there.values())})


async def remove(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Those that are there."""
    if ids:
        await connection.execute(sa.delete(vectors).where(vectors.c.id.in_(ids)))
