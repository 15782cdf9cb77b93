"""RabbitMQ and PostgreSQL of the chaos tests' own, which they may stop and kill; a fresh suite for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from analyzer.cli import MIGRATIONS as ANALYZER_MIGRATIONS
from digest.cli import MIGRATIONS as DIGEST_MIGRATIONS
from gateway.cli import MIGRATIONS
from warren import database, topology
from warren.embedded import EmbeddedPostgres, EmbeddedRabbitMQ
from warren.llm.tables import MIGRATIONS as WARREN_MIGRATIONS
from warren.testing.processes import Programs
from warren.testing.script import JOURNAL, Journal
from warren.testing.services import scratch_postgres, scratch_rabbitmq

from .suite import Suite

TEMPLATE = "chaos_template"


@pytest.fixture(scope="package")
def chaos_rabbitmq() -> Iterator[EmbeddedRabbitMQ]:
    with scratch_rabbitmq() as server:
        yield server


@pytest.fixture(scope="package")
def chaos_postgres() -> Iterator[EmbeddedPostgres]:
    with scratch_postgres() as server:
        url = server.create_database(TEMPLATE)
        for migrations in (MIGRATIONS, ANALYZER_MIGRATIONS, DIGEST_MIGRATIONS, WARREN_MIGRATIONS):
            database.migrate(url, migrations)
        yield server


@pytest.fixture
async def suite(
    chaos_rabbitmq: EmbeddedRabbitMQ, chaos_postgres: EmbeddedPostgres, tmp_path: Path
) -> AsyncIterator[Suite]:
    """Servers that run, with an empty virtual host and database; the test starts the programs it needs.

    Afterwards nothing may be left: no process, no queue, no message.
    """
    await asyncio.to_thread(chaos_rabbitmq.start)
    await asyncio.to_thread(chaos_postgres.start)
    name = f"chaos_{uuid4().hex}"
    broker_url = await asyncio.to_thread(chaos_rabbitmq.create_vhost, name)
    await asyncio.to_thread(topology.declare, broker_url)
    database_url = await asyncio.to_thread(chaos_postgres.create_database, name, TEMPLATE)
    journal = tmp_path / "journal"
    environment = {
        "WARREN_BROKER_URL": broker_url,
        "WARREN_DATABASE_URL": database_url,
        "WARREN_BLOBS_URL": (tmp_path / "blobs").as_uri(),
        "WARREN_REQUESTS_PER_MINUTE": "100000",
        "WARREN_SHUTDOWN_GRACE_SECONDS": "1",
        JOURNAL: str(journal),
    }
    programs = Programs(environment, tmp_path)
    suite = Suite(chaos_rabbitmq, chaos_postgres, broker_url, database_url, programs, Journal(journal))
    try:
        yield suite
        await suite.drained()
    finally:
        await programs.end()
    await suite.check_queues()
    await asyncio.to_thread(chaos_rabbitmq.delete_vhost, name)
    await asyncio.to_thread(chaos_postgres.drop_database, name)
