"""A gateway per test: its own database (a copy of one that is migrated) and blobs, RabbitMQ shared by the whole run."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.cli import MIGRATIONS
from gateway.settings import GatewaySettings
from warren import database
from warren.embedded import EmbeddedPostgres

from .support import RunningGateway, running

StartGateway = Callable[..., AbstractAsyncContextManager[RunningGateway]]


@pytest.fixture(scope="session")
def migrated(postgres: EmbeddedPostgres) -> str:
    """Name of a database with the gateway's tables, to copy."""
    database.migrate(postgres.create_database("gateway_template"), MIGRATIONS)
    return "gateway_template"


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """The URL of an empty database with the gateway's tables."""
    name = f"test_{uuid4().hex}"
    yield postgres.create_database(name, template=migrated)
    postgres.drop_database(name)


@pytest.fixture
def make_settings(shared_vhost: str, database_url: str, tmp_path: Path) -> Callable[..., GatewaySettings]:
    """Settings of a gateway on this test's servers, without those of the environment."""

    def make(**settings: Any) -> GatewaySettings:
        blobs = tmp_path / "blobs"
        blobs.mkdir(exist_ok=True)
        given = {
            "broker_url": shared_vhost,
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
