"""A gateway per test: an empty database and blobs of its own; RabbitMQ is shared by the whole run."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.cli import MIGRATIONS
from gateway.models import metadata
from gateway.settings import GatewaySettings
from warren import database, topology
from warren.embedded import EmbeddedPostgres, EmbeddedRabbitMQ

from .digests import DigestService, digest_service
from .support import Broadcasts, RunningGateway, running
from .transcriber import Transcriber, transcribing

StartGateway = Callable[..., AbstractAsyncContextManager[RunningGateway]]


@pytest.fixture(scope="session")
def gateway_database(postgres: EmbeddedPostgres) -> str:
    """The URL of the database of this run, with the gateway's tables."""
    url = postgres.create_database("gateway")
    database.migrate(url, MIGRATIONS)
    return url


@pytest.fixture(scope="session")
def gateway_vhost(rabbitmq: EmbeddedRabbitMQ) -> str:
    """A virtual host in which no worker takes the jobs that these tests make."""
    url = rabbitmq.create_vhost("gateway")
    topology.declare(url)
    return url


@pytest.fixture
async def database_url(gateway_database: str) -> str:
    """The URL of a database whose tables are empty. Emptying takes milliseconds, a new database far longer."""
    connection = await asyncpg.connect(gateway_database.replace("+asyncpg", ""))
    for table in reversed(metadata.sorted_tables):
        await connection.execute(f"DELETE FROM {table.fullname}")
    await connection.close()
    return gateway_database


@pytest.fixture
def make_settings(gateway_vhost: str, database_url: str, tmp_path: Path) -> Callable[..., GatewaySettings]:
    """Settings of a gateway on this test's servers, without those of the environment."""

    def make(**settings: Any) -> GatewaySettings:
        blobs = tmp_path / "blobs"
        blobs.mkdir(exist_ok=True)
        given = {
            "broker_url": gateway_vhost,
            "database_url": database_url,
            "blobs_url": blobs.as_uri(),
            "port": 0,
            "requests_per_minute": 100_000,
        }
        return GatewaySettings(**{**given, **settings})

    return make


@pytest.fixture
def start_gateway(make_settings: Callable[..., GatewaySettings]) -> StartGateway:
    """`async with start_gateway(auth="keys") as gateway`; several share the test's database."""
    return lambda **settings: running(make_settings(**settings))


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> AsyncIterator[RunningGateway]:
    """A gateway without authentication, as on a laptop, connected to RabbitMQ."""
    async with start_gateway() as started:
        await started.parts.broker.ready()
        yield started


@pytest.fixture
async def cancellations(gateway: RunningGateway) -> Broadcasts:
    """Hears what workers would hear."""
    heard = Broadcasts(gateway.parts.broker)
    await heard.listen()
    return heard


@pytest.fixture
async def digests(gateway: RunningGateway, gateway_vhost: str) -> AsyncIterator[DigestService]:
    """The service behind digests and chat, as `gateway` reaches it."""
    async with digest_service(gateway_vhost) as service:
        yield service


@pytest.fixture
async def transcriber(gateway: RunningGateway) -> AsyncIterator[Transcriber]:
    """Takes the streams of this test."""
    async with transcribing(gateway.settings.broker_url.get_secret_value()) as started:
        yield started
