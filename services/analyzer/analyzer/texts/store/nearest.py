"""The texts nearest to a vector.

The graph of an HNSW index (Y. Malkov, D. Yashunin, "Efficient and Robust Approximate Nearest Neighbor Search Using
Hierarchical Navigable Small World Graphs", TPAMI 2020) is followed until enough texts fit the filter. Each segment
(`analyzer.texts.store.vectors`) has one, and PostgreSQL merges what they give. Where that is too few, all that fit are
compared, so that a filter never hides what is there.
"""

import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.texts.store.texts import not_found
from analyzer.texts.vectors import teach
from analyzer.texts.work import Model
from warren.contracts.texts import FindSimilar, SimilarText, SimilarTexts, TextFilter

M = 8
EF_CONSTRUCTION = 64
EF_SEARCH = 100
"""Of the graph: chosen in docs/decisions/0009 by speed and recall."""

_SETTINGS = (
    f"set_config('hnsw.ef_search', '{EF_SEARCH}', true), set_config('hnsw.iterative_scan', 'strict_order', true),"
    " set_config('jit', 'off', true)"
)
"""Until the end of the transaction. To compile a comparison for each segment takes longer than to compare."""

_READY = sa.text(f"SELECT {_SETTINGS}")

_ASKED = sa.text(
    f"SELECT {_SETTINGS}, texts.model, embedding, vector_dims(embedding) AS dimensions"  # noqa: S608  # nosec B608
    " FROM analyzer.texts LEFT JOIN analyzer.vectors USING (id)"
    " WHERE texts.owner = :owner AND texts.track_id = :track_id"
)


async def create_index(connection: AsyncConnection, model: Model) -> None:
    """The index of one model's vectors, if it is not there, in every segment and those to come. Over none of them, it
    is made at once."""
    name = f"vectors_near_{hashlib.sha256(model.name.encode()).hexdigest()[:12]}"
    statement = (
        f"CREATE INDEX IF NOT EXISTS {name} ON analyzer.vectors"
        f" USING hnsw ((embedding::halfvec({model.dimensions})) halfvec_cosine_ops)"
        f" WITH (m = {M}, ef_construction = {EF_CONSTRUCTION}) WHERE model = {_literal(model.name)}"
    )
    await connection.exec_driver_sql(statement)


async def similar(connection: AsyncConnection, query: FindSimilar) -> SimilarTexts:
    """Raises `text.not_found`."""
    await teach(connection)
    wanted = {"owner": query.owner, "track_id": query.track_id}
    row = (await connection.execute(_ASKED, wanted)).one_or_none()
    if row is None:
        raise not_found(query.track_id)
    if row.embedding is None:
        return SimilarTexts(model=row.model)
    near = Near(query.owner, Model(row.model, row.dimensions), query.filter, query.limit, query.track_id)
    return await near.find(connection, row.embedding)


async def ready(connection: AsyncConnection) -> None:
    """Before `Near.find`."""
    await teach(connection)
    await connection.execute(_READY)


class Near:
    """What to look for: texts of one owner and model that fit a filter, but for the one called `but`."""

    def __init__(self, owner: str, model: Model, only: TextFilter, limit: int, but: str | None = None) -> None:
        self._model = model
        self._limit = limit
        self._values = {"owner": owner, "limit": limit, "but": but, "language": only.language, "topic": only.topic}
        conditions = {
            "but": "track_id <> :but",
            "language": "language = :language",
            "topic": "topics @> ARRAY[CAST(:topic AS text)]",
        }
        self._filters = "".join(f" AND {sql}" for name, sql in conditions.items() if self._values[name] is not None)
        self._values = {name: value for name, value in self._values.items() if value is not None}

    async def find(self, connection: AsyncConnection, vector: bytes) -> SimilarTexts:
        """`vector`: packed. The connection was made `ready`."""
        cast = f"::halfvec({self._model.dimensions})"
        rows = await self._ask(connection, vector, cast)
        if len(rows) < self._limit:
            # Without the length, the expression is not that of the index.
            rows = await self._ask(connection, vector, "")
        found = [
            SimilarText(
                track_id=row.track_id,
                similarity=round(1 - row.distance, 4),
                language=row.language,
                topics=tuple(row.topics),
                excerpt=row.excerpt,
            )
            for row in rows
        ]
        return SimilarTexts(data=tuple(found), model=self._model.name)

    async def _ask(self, connection: AsyncConnection, vector: bytes, cast: str) -> list[sa.Row[Any]]:
        near = (
            f"SELECT owner, track_id, language, topics, (embedding{cast}) <=> CAST(:vector AS halfvec) AS distance"  # noqa: S608  # nosec B608
            f" FROM analyzer.vectors WHERE owner = :owner AND model = {_literal(self._model.name)}{self._filters}"
            " ORDER BY distance LIMIT :limit"
        )
        statement = sa.text(
            "SELECT track_id, language, topics, excerpt, distance"  # noqa: S608  # nosec B608
            f" FROM ({near}) AS near JOIN analyzer.texts USING (owner, track_id) ORDER BY distance"
        )
        return list((await connection.execute(statement, {**self._values, "vector": vector})).all())


def _literal(name: str) -> str:
    """As a constant: a partial index is used where its condition stands in the query, not in a parameter."""
    return "'" + name.replace("'", "''").replace(":", "\\:") + "'"
