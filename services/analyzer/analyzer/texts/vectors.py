"""Vectors on their way to and from PostgreSQL."""

from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

_KNOWN = "warren.halfvec"


async def teach(connection: AsyncConnection) -> None:
    """Let this connection take and give `halfvec` as bytes, as `analyzer.texts.work` packs them.

    As text, a vector would take longer to write and to read than all other columns together.
    """
    raw = await connection.get_raw_connection()
    if raw.info.get(_KNOWN):
        return
    driver: asyncpg.Connection[Any] | None = raw.driver_connection
    assert driver is not None  # noqa: S101  the transaction has begun on it
    schema = await driver.fetchval("SELECT typnamespace::regnamespace::text FROM pg_type WHERE typname = 'halfvec'")
    await driver.set_type_codec("halfvec", schema=schema, encoder=_same, decoder=_same, format="binary")
    raw.info[_KNOWN] = True


def _same(packed: bytes) -> bytes:
    return bytes(packed)
