"""Batches, their chunks, and which line of a batch has the last word on a text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.models import batches, chunks, claims
from analyzer.texts.cutting import Part
from analyzer.texts.lines import Bad, Format
from warren.contracts.usage import Usage

KEPT = sa.text("interval '7 days'")
"""Batches whose jobs did not end well are forgotten after this long, with what they claimed."""


@dataclass(frozen=True)
class Open:
    """A chunk that is not done. `silent`: seconds since it was sent or begun; `tries`: how often it was begun."""

    n: int
    tries: int
    silent: float
    line: int
    lines: int


@dataclass(frozen=True)
class Work:
    """What a chunk's job needs to know. `usage` is what earlier runs took."""

    owner: str
    blob: str
    file: Format
    start: int
    stop: int
    line: int
    usage: Usage


@dataclass(frozen=True)
class Totals:
    """Of the chunks that are done; `bytes` of the file."""

    texts: int
    stored: int
    unchanged: int
    duplicates: int
    failed: int
    llm_failed: int
    bytes: int


async def find(connection: AsyncConnection, batch_id: str) -> sa.Row[Any] | None:
    age = sa.extract("epoch", sa.func.now() - batches.c.created_at).label("age")
    return (await connection.execute(sa.select(batches, age).where(batches.c.id == batch_id))).one_or_none()


async def create(connection: AsyncConnection, batch_id: str, owner: str, blob: str, size: int, file: Format) -> None:
    """Or leave the one that is there."""
    values = {"id": batch_id, "owner": owner, "blob": blob, "size": size, "format": file.model_dump()}
    await connection.execute(insert(batches).values(values).on_conflict_do_nothing())


async def forget_old(connection: AsyncConnection) -> None:
    old = sa.delete(batches).where(batches.c.created_at < sa.func.now() - KEPT).returning(batches.c.id)
    gone = list((await connection.execute(old)).scalars())
    if gone:
        await connection.execute(sa.delete(claims).where(claims.c.batch_id.in_(gone)))


async def last_part(connection: AsyncConnection, batch_id: str) -> sa.Row[Any] | None:
    """`n`, `stop`, `line` and `lines` of the last chunk that was cut."""
    columns = (chunks.c.n, chunks.c.stop, chunks.c.line, chunks.c.lines)
    statement: sa.Select[Any] = sa.select(*columns).where(chunks.c.batch_id == batch_id)
    row: sa.Row[Any] | None = (await connection.execute(statement.order_by(chunks.c.n.desc()).limit(1))).one_or_none()
    return row


async def add_chunks(connection: AsyncConnection, batch_id: str, parts: Mapping[int, Part], bad: Sequence[Bad]) -> None:
    """`parts` by number. Those of lines too long, which `bad` names, are done already."""
    shown = {each.line: [each.shown()] for each in bad}
    rows = [
        {
            "batch_id": batch_id,
            "n": n,
            "start": part.start,
            "stop": part.stop,
            "line": part.line,
            "lines": part.lines,
            "done": part.too_long,
            "failed": int(part.too_long),
            "errors": shown.get(part.line, []) if part.too_long else [],
        }
        for n, part in parts.items()
    ]
    await connection.execute(sa.insert(chunks), rows)


async def touch(connection: AsyncConnection, batch_id: str, numbers: Sequence[int]) -> None:
    await connection.execute(_these(batch_id, numbers).values(touched_at=sa.func.now()))


async def beat(connection: AsyncConnection, batch_id: str, n: int, usage: Usage) -> None:
    """A chunk that takes long is still worked on, and has taken so much."""
    this = _these(batch_id, [n]).where(~chunks.c.done)
    await connection.execute(this.values(touched_at=sa.func.now(), usage=usage.model_dump()))


async def begin(connection: AsyncConnection, batch_id: str, n: int) -> Work | None:
    """Note that a chunk is begun; None if it is done, or nobody knows it any more."""
    this = _these(batch_id, [n]).where(~chunks.c.done).values(touched_at=sa.func.now(), tries=chunks.c.tries + 1)
    columns = (chunks.c.start, chunks.c.stop, chunks.c.line, chunks.c.usage)
    row: sa.Row[Any] | None = (await connection.execute(this.returning(*columns))).one_or_none()
    batch = await find(connection, batch_id)
    if row is None or batch is None:
        return None
    file, usage = Format.model_validate(batch.format), Usage.model_validate(row.usage or {})
    return Work(batch.owner, batch.blob, file, row.start, row.stop, row.line, usage)


async def take(connection: AsyncConnection, batch_id: str, n: int) -> bool:
    """Whether the chunk is still to be done. No other run can do it until the transaction ends."""
    this = sa.select(chunks.c.done).where(chunks.c.batch_id == batch_id, chunks.c.n == n).with_for_update()
    return (await connection.execute(this)).scalar_one_or_none() is False


async def finish(connection: AsyncConnection, batch_id: str, n: int, bad: Sequence[Bad], **values: object) -> None:
    """`values`: those of the columns of that name."""
    shown = [each.shown() for each in bad]
    await connection.execute(_these(batch_id, [n]).values(done=True, errors=shown, **values))


async def open_chunks(connection: AsyncConnection, batch_id: str) -> list[Open]:
    silent = sa.extract("epoch", sa.func.now() - chunks.c.touched_at).label("silent")
    columns = (chunks.c.n, chunks.c.tries, silent, chunks.c.line, chunks.c.lines)
    rows = await connection.execute(sa.select(*columns).where(chunks.c.batch_id == batch_id, ~chunks.c.done))
    # One that was never sent is silent for ever.
    return [Open(r.n, r.tries, float("inf") if r.silent is None else float(r.silent), r.line, r.lines) for r in rows]


async def totals(connection: AsyncConnection, batch_id: str) -> Totals:
    names = ("texts", "stored", "unchanged", "duplicates", "failed", "llm_failed")
    size = sa.func.coalesce(sa.func.sum(chunks.c.stop - chunks.c.start), 0)
    sums = [sa.func.coalesce(sa.func.sum(chunks.c[name]), 0) for name in names]
    row = (await connection.execute(sa.select(*sums, size).where(chunks.c.batch_id == batch_id, chunks.c.done))).one()
    return Totals(*map(int, row))


async def usage(connection: AsyncConnection, batch_id: str) -> Usage:
    """What the language model took for all of its chunks."""
    names = tuple(Usage.model_fields)
    sums = [sa.func.coalesce(sa.func.sum(chunks.c.usage[name].as_float()), 0) for name in names]
    row = (await connection.execute(sa.select(*sums).where(chunks.c.batch_id == batch_id))).one()
    return Usage.model_validate(dict(zip(names, row, strict=True)))


async def errors(connection: AsyncConnection, batch_id: str, most: int) -> list[dict[str, Any]]:
    """The first of them, by line."""
    item = sa.func.jsonb_array_elements(chunks.c.errors).label("item")
    found = sa.select(item).where(chunks.c.batch_id == batch_id).subquery()
    line = sa.cast(found.c.item.op("->>")("line"), sa.BigInteger)
    rows = await connection.execute(sa.select(found.c.item).order_by(line).limit(most))
    return [row if isinstance(row, dict) else json.loads(row) for row in rows.scalars()]


async def end(connection: AsyncConnection, batch_id: str, report: dict[str, Any]) -> None:
    """Keep the report, in case nobody hears it the first time, and nothing else."""
    await connection.execute(sa.update(batches).where(batches.c.id == batch_id).values(report=report))
    for table in (chunks, claims):
        await connection.execute(sa.delete(table).where(table.c.batch_id == batch_id))


def _these(batch_id: str, numbers: Sequence[int]) -> sa.Update:
    return sa.update(chunks).where(chunks.c.batch_id == batch_id, chunks.c.n.in_(numbers))
