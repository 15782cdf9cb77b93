"""API keys and WebSocket tickets. Only hashes are stored: who reads the database can use neither."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.models import api_keys, tickets
from warren.ids import new_id

PREFIX = "wrn_"
SCOPES = ("read", "write")
TICKET_SECONDS = 60


@dataclass(frozen=True)
class ApiKey:
    id: str
    name: str
    scopes: tuple[str, ...]
    requests_per_minute: int | None = None


LOCAL = ApiKey("local", "local", SCOPES)
"""Who calls when authentication is off."""


def digest(secret: str) -> bytes:
    # No salt and no slow hash: 256 random bits cannot be guessed from their SHA-256.
    return hashlib.sha256(secret.encode()).digest()


async def create(
    connection: AsyncConnection, name: str, scopes: Sequence[str] = SCOPES, requests_per_minute: int | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is nowhere to be found later."""
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(new_id("key"), name, tuple(scopes), requests_per_minute)
    await connection.execute(
        api_keys.insert().values(
            id=key.id, name=name, hash=digest(secret), scopes=list(scopes), requests_per_minute=requests_per_minute
        )
    )
    return key, secret


async def find(connection: AsyncConnection, secret: str) -> ApiKey | None:
    """The key this secret belongs to, unless it was revoked. Looked up by hash: timing tells nothing of others."""
    row = (
        await connection.execute(
            sa.select(api_keys).where(api_keys.c.hash == digest(secret), api_keys.c.revoked_at.is_(None))
        )
    ).one_or_none()
    return _key(row) if row else None


def _key(row: sa.Row[Any]) -> ApiKey:
    return ApiKey(row.id, row.name, tuple(row.scopes), row.requests_per_minute)


async def all_keys(connection: AsyncConnection) -> Sequence[sa.Row[Any]]:
    return (await connection.execute(sa.select(api_keys).order_by(api_keys.c.id))).all()


async def revoke(connection: AsyncConnection, key_id: str) -> bool:
    """False if there is no such key, or it was revoked before."""
    result = await connection.execute(
        api_keys.update()
        .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=sa.func.now())
    )
    return bool(result.rowcount)


async def revoked(connection: AsyncConnection, key_ids: Sequence[str]) -> Sequence[str]:
    """Those of these keys that are."""
    found = await connection.execute(
        sa.select(api_keys.c.id).where(api_keys.c.id.in_(key_ids), api_keys.c.revoked_at.is_not(None))
    )
    return found.scalars().all()


async def create_ticket(connection: AsyncConnection, key_id: str) -> str:
    """A secret that opens one WebSocket within `TICKET_SECONDS`."""
    secret = secrets.token_urlsafe(32)
    await connection.execute(
        tickets.insert().values(
            hash=digest(secret), key_id=key_id, expires_at=sa.func.now() + timedelta(seconds=TICKET_SECONDS)
        )
    )
    return secret


async def use_ticket(connection: AsyncConnection, secret: str) -> ApiKey | None:
    """The key behind a ticket, which is thereby used up."""
    key_id = (
        await connection.execute(
            tickets.delete()
            .where(tickets.c.hash == digest(secret), tickets.c.expires_at > sa.func.now())
            .returning(tickets.c.key_id)
        )
    ).scalar_one_or_none()
    if key_id is None or key_id == LOCAL.id:
        return LOCAL if key_id else None
    row = (
        await connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)))
    ).one_or_none()
    return _key(row) if row else None
