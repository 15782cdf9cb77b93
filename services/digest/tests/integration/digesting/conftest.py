"""A database of the digest service for the whole run, emptied before each test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from digest.cli import MIGRATIONS
from digest.models import bots, channels, schedule_slots
from digest.settings import DigestSettings
from warren import database
from warren.database import Database
from warren.embedded import EmbeddedPostgres
from warren.worker.cruncher import Cruncher

from .desk import Office, opened
from .town import Town, founded


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    shared_vhost: str, digest_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """The service's worker, for the tests of one file."""
    async with founded(shared_vhost, digest_database, tmp_path_factory.mktemp("digest")) as made:
        yield made


@pytest.fixture
def owner() -> str:
    """Nobody else's."""
    return f"key_{uuid4().hex}"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Database]:
    async with database.connect(database_url, "test") as connected:
        yield connected


@pytest.fixture(scope="session")
def cruncher() -> Iterator[Cruncher]:
    """One child process for all tests: it takes longer to start than most of them."""
    made = Cruncher("digest")
    yield made
    made.close()


@pytest.fixture
def make_settings(database_url: str) -> Callable[..., DigestSettings]:
    """Settings on this test's database, without those of the environment."""

    def make(**settings: Any) -> DigestSettings:
        return DigestSettings(**{"database_url": database_url, "allow_private_urls": True, **settings})

    return make


@pytest.fixture
def open_office(
    store: Database, make_settings: Callable[..., DigestSettings], cruncher: Cruncher
) -> Callable[..., AbstractAsyncContextManager[Office]]:
    """`async with open_office(llm_api_key=…) as office`."""
    return lambda **settings: opened(make_settings(**settings), store, cruncher)


@pytest.fixture
async def office(open_office: Callable[..., AbstractAsyncContextManager[Office]]) -> AsyncIterator[Office]:
    """The service without a model."""
    async with open_office() as made:
        yield made
