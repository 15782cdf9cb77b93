"""The table of texts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.models import texts
from analyzer.texts.store import vectors
from analyzer.texts.store.keys import Key, columns
from analyzer.texts.work import FEATURES_VERSION, Described, Model
from warren.contracts.texts import DeletedText, DeleteText, GetText, LlmAnalysis, StoredText
from warren.queries import QueryRefused

Fingerprint = tuple[bytes, str, int]
"""What a stored text was made of: its hash, the model, the version of the features."""


@dataclass(frozen=True)
class NewText:
    """A text as it came."""

    owner: str
    track_id: str
    text: str

    @property
    def key(self) -> Key:
        return self.owner, self.track_id

    @cached_property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).digest()

    def fingerprint(self, model: Model) -> Fingerprint:
        return self.sha256, model.name, FEATURES_VERSION


_FINGERPRINTS = sa.text(
    """
    SELECT owner, track_id, sha256, model, features_version
    FROM analyzer.texts JOIN unnest(CAST(:owner AS text[]), CAST(:track_id AS text[])) AS wanted(owner, track_id)
        USING (owner, track_id)
    """
)

# In one order for every writer, so that none waits for another in a circle. A text that is there keeps its number, so
# that those of new ones lie close together.
_UPSERT = sa.text(
    """
    INSERT INTO analyzer.texts (owner, track_id, id, sha256, model, features_version, features, excerpt)
    SELECT new.owner, new.track_id, coalesce(old.id, nextval('analyzer.text_ids')), new.sha256, CAST(:model AS text),
        CAST(:version AS int), new.features, new.excerpt
    FROM unnest(
        CAST(:owner AS text[]), CAST(:track_id AS text[]), CAST(:sha256 AS bytea[]), CAST(:features AS jsonb[]),
        CAST(:excerpt AS text[])
    ) AS new(owner, track_id, sha256, features, excerpt)
    LEFT JOIN analyzer.texts AS old USING (owner, track_id)
    ORDER BY new.owner, new.track_id
    ON CONFLICT (owner, track_id) DO UPDATE SET
        sha256 = excluded.sha256, model = excluded.model, features_version = excluded.features_version,
        features = excluded.features, excerpt = excluded.excerpt, updated_at = now(),
        llm_analysis = CASE WHEN texts.sha256 = excluded.sha256 THEN texts.llm_analysis END
    RETURNING owner, track_id, id
    """
)

_WRITE_LLM = sa.text(
    """
    UPDATE analyzer.texts SET llm_analysis = new.llm_analysis, updated_at = now()
    FROM unnest(
        CAST(:owner AS text[]), CAST(:track_id AS text[]), CAST(:sha256 AS bytea[]), CAST(:llm_analysis AS jsonb[])
    ) AS new(owner, track_id, sha256, llm_analysis)
    WHERE texts.owner = new.owner AND texts.track_id = new.track_id AND texts.sha256 = new.sha256
    """
)

_STORED = sa.text(
    """
    SELECT owner, track_id, sha256, model, features, excerpt, llm_analysis, created_at, updated_at
    FROM analyzer.texts JOIN unnest(CAST(:owner AS text[]), CAST(:track_id AS text[])) AS wanted(owner, track_id)
        USING (owner, track_id)
    """
)


async def fingerprints(connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, Fingerprint]:
    """What is there of these."""
    if not keys:
        return {}
    rows = await connection.execute(_FINGERPRINTS, columns(keys))
    return {(row.owner, row.track_id): (row.sha256, row.model, row.features_version) for row in rows}


async def write(connection: AsyncConnection, model: Model, described: Sequence[tuple[NewText, Described]]) -> None:
    """Add these texts, each with a key of its own, or put them in the place of those that are there."""
    if not described:
        return
    values: dict[str, Any] = columns(text.key for text, _ in described)
    values |= {
        "model": model.name,
        "version": FEATURES_VERSION,
        "sha256": [text.sha256 for text, _ in described],
        "features": [found.features for _, found in described],
        "excerpt": [found.excerpt for _, found in described],
    }
    ids = {(row.owner, row.track_id): row.id for row in await connection.execute(_UPSERT, values)}
    await vectors.put(connection, ids, {text.key: found.embedding for text, found in described})


async def write_llm(connection: AsyncConnection, analyses: Sequence[tuple[NewText, LlmAnalysis]]) -> None:
    """Add to texts what a model says of them, unless they were replaced or deleted meanwhile."""
    if not analyses:
        return
    rows = sorted(analyses, key=lambda row: row[0].key)
    values: dict[str, Any] = columns(text.key for text, _ in rows)
    values |= {
        "sha256": [text.sha256 for text, _ in rows],
        "llm_analysis": [analysis.model_dump_json() for _, analysis in rows],
    }
    await connection.execute(_WRITE_LLM, values)


async def stored(connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, StoredText]:
    """Those of these that are there."""
    if not keys:
        return {}
    rows = await connection.execute(_STORED, columns(keys))
    return {(row.owner, row.track_id): _stored(row) for row in rows}


async def get(connection: AsyncConnection, query: GetText) -> StoredText:
    """Raises `text.not_found`."""
    found = await stored(connection, [(query.owner, query.track_id)])
    if not found:
        raise not_found(query.track_id)
    return found[query.owner, query.track_id]


async def delete(connection: AsyncConnection, query: DeleteText) -> DeletedText:
    """Raises `text.not_found`."""
    this = sa.delete(texts).where(texts.c.owner == query.owner, texts.c.track_id == query.track_id)
    number = (await connection.execute(this.returning(texts.c.id))).scalar_one_or_none()
    if number is None:
        raise not_found(query.track_id)
    await vectors.remove(connection, [number])
    return DeletedText(track_id=query.track_id)


def not_found(track_id: str) -> QueryRefused:
    return QueryRefused("text.not_found", f"There is no text {track_id!r}.")


def _stored(row: sa.Row[Any]) -> StoredText:
    return StoredText(
        track_id=row.track_id,
        sha256=row.sha256.hex(),
        model=row.model,
        excerpt=row.excerpt,
        features=row.features,
        llm_analysis=row.llm_analysis,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
