"""A database of the digest service for the whole run, emptied before each test."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from digest.cli import MIGRATIONS
from digest.models import bots, channels, schedule_slots
from warren import database
from warren.database import Database
from warren.embedded import EmbeddedPostgres


@pytest.fixture(scope="session")
def digest_database(postgres: EmbeddedPostgres) -> str:
    """The URL of the database of this run, with the service's tables."""
    url = postgres.create_database("digest")
    database.migrate(url, MIGRATIONS)
    return url


@pytest.fixture
async def database_url(digest_database: str) -> str:
    """The URL of a database whose tables are empty."""
    connection = await asyncpg.connect(digest_database.replace("+asyncpg", ""))
    # All other tables hang on the first two.
    for table in (bots, channels, schedule_slots):
        await connection.execute(f"DELETE FROM {table.fullname}")
    await connection.close()
    return digest_database


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Database]:
    async with database.connect(database_url, "test") as connected:
        yield connected
