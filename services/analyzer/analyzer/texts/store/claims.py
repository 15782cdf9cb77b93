"""Which line of a batch has the last word on a text, in whatever order its chunks are done."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.texts.lines import Bad


@dataclass(frozen=True)
class Claim:
    """A line with a text of this hash."""

    line: int
    sha256: bytes


@dataclass
class Verdict:
    """`lost`: names for which a later line has spoken. `met`: those for which any line had. `bad`: lines whose text
    gave way to another."""

    lost: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    bad: list[Bad] = field(default_factory=list)


_INSERT = sa.text(
    """
    INSERT INTO analyzer.claims (batch_id, track_id, line, sha256)
    SELECT CAST(:batch_id AS text), track_id, line, sha256 FROM unnest(
        CAST(:track_id AS text[]), CAST(:line AS bigint[]), CAST(:sha256 AS bytea[])
    ) AS new(track_id, line, sha256)
    ON CONFLICT DO NOTHING
    RETURNING track_id
    """
)

_LOCK = sa.text(
    """
    SELECT track_id, line, sha256 FROM analyzer.claims
    WHERE batch_id = :batch_id AND track_id = ANY(CAST(:track_id AS text[])) ORDER BY track_id FOR UPDATE
    """
)

_RAISE = sa.text(
    """
    UPDATE analyzer.claims AS c SET line = new.line, sha256 = new.sha256
    FROM unnest(
        CAST(:track_id AS text[]), CAST(:line AS bigint[]), CAST(:sha256 AS bytea[])
    ) AS new(track_id, line, sha256)
    WHERE c.batch_id = :batch_id AND c.track_id = new.track_id
    """
)


async def claim(connection: AsyncConnection, batch_id: str, wanted: Mapping[str, Claim]) -> Verdict:
    """Speak for these texts; until the transaction ends, nobody else does for them."""
    verdict = Verdict()
    # In one order for all, so that none waits for another in a circle.
    names = sorted(wanted)
    added = set((await connection.execute(_INSERT, _values(batch_id, names, wanted))).scalars())
    met = [name for name in names if name not in added]
    if not met:
        return verdict
    rows = (await connection.execute(_LOCK, {"batch_id": batch_id, "track_id": met})).all()
    for row in rows:
        verdict.met.add(row.track_id)
        old, new = Claim(row.line, row.sha256), wanted[row.track_id]
        if old.line > new.line:
            verdict.lost.add(row.track_id)
        if old.sha256 != new.sha256:
            verdict.bad.append(superseded(row.track_id, *sorted((old.line, new.line))))
    won = [name for name in met if name not in verdict.lost]
    if won:
        await connection.execute(_RAISE, _values(batch_id, won, wanted))
    return verdict


def superseded(track_id: str, line: int, by: int) -> Bad:
    """What to say of a text that is not kept because another of its id comes later."""
    message = f"The same track_id comes again in line {by} with another text. The last one is kept."
    return Bad(line, "text.duplicate", message, track_id)


def _values(batch_id: str, names: list[str], wanted: Mapping[str, Claim]) -> dict[str, object]:
    return {
        "batch_id": batch_id,
        "track_id": names,
        "line": [wanted[name].line for name in names],
        "sha256": [wanted[name].sha256 for name in names],
    }
