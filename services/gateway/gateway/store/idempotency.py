"""`Idempotency-Key`: the same request again gets the first answer again, and does nothing."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.models import idempotency_keys

IN_FLIGHT_SECONDS = 120
"""A request that gave no answer for this long died with its process; the key may be used again."""


async def claim(connection: AsyncConnection, key_id: str, idempotency_key: str, fingerprint: str) -> sa.Row[Any] | None:
    """None if the key is now ours to answer, else the row of the request that came first."""
    values = {"key_id": key_id, "idempotency_key": idempotency_key, "fingerprint": fingerprint}
    dead = sa.and_(
        idempotency_keys.c.status.is_(None),
        idempotency_keys.c.created_at < sa.func.now() - sa.text(f"interval '{IN_FLIGHT_SECONDS} seconds'"),
    )
    ours = await connection.execute(
        insert(idempotency_keys)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["key_id", "idempotency_key"],
            set_={"fingerprint": fingerprint, "created_at": sa.func.now()},
            where=dead,
        )
        .returning(idempotency_keys.c.key_id)
    )
    if ours.scalar_one_or_none() is not None:
        return None
    return (
        await connection.execute(
            sa.select(idempotency_keys).where(
                idempotency_keys.c.key_id == key_id, idempotency_keys.c.idempotency_key == idempotency_key
            )
        )
    ).one()


async def answer(
    connection: AsyncConnection,
    key_id: str,
    idempotency_key: str,
    *,
    status: int,
    response: dict[str, Any],
    location: str | None,
) -> None:
    """Keep the answer, in the transaction that made it true."""
    await connection.execute(
        _of(idempotency_keys.update(), key_id, idempotency_key).values(
            status=status, response=response, location=location
        )
    )


async def release(connection: AsyncConnection, key_id: str, idempotency_key: str) -> None:
    """The request failed and changed nothing: the key may be used again."""
    statement = _of(idempotency_keys.delete(), key_id, idempotency_key)
    await connection.execute(statement.where(idempotency_keys.c.status.is_(None)))


def _of(statement: Any, key_id: str, idempotency_key: str) -> Any:
    return statement.where(idempotency_keys.c.key_id == key_id, idempotency_keys.c.idempotency_key == idempotency_key)
