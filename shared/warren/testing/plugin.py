"""Pytest fixtures: a private RabbitMQ and PostgreSQL, started when the first test asks for them.

    rabbitmq       the node of this run                     postgres       the server of this run
    vhost          an `amqp://` URL for one test            database_url   a `postgresql+asyncpg://` URL for one test
    shared_vhost   an `amqp://` URL with the whole topology, for tests that keep to jobs of their own

A test that stops a server on purpose uses `own_rabbitmq` or `own_postgres`, so that it disturbs no other.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from warren import topology
from warren.embedded import EmbeddedPostgres, EmbeddedRabbitMQ
from warren.testing.services import scratch_postgres, scratch_rabbitmq

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import Scheduling


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "Scheduling":
    """With `-n`: see `warren.testing.scheduling`."""
    from warren.testing.scheduling import ByServers  # noqa: PLC0415  only the tests of this workspace have xdist

    return ByServers(config, log)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[EmbeddedRabbitMQ]:
    """The RabbitMQ node of this test run."""
    with scratch_rabbitmq() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The PostgreSQL server of this test run."""
    with scratch_postgres() as server:
        yield server


@pytest.fixture
def vhost(rabbitmq: EmbeddedRabbitMQ) -> Iterator[str]:
    """The `amqp://` URL of an empty virtual host, which is deleted after the test with all connections to it."""
    name = f"test-{uuid4().hex}"
    yield rabbitmq.create_vhost(name)
    rabbitmq.delete_vhost(name)


@pytest.fixture(scope="session")
def shared_vhost(rabbitmq: EmbeddedRabbitMQ) -> str:
    """The `amqp://` URL of a virtual host with Warren's topology, which takes over a second to make and to delete."""
    url = rabbitmq.create_vhost("shared")
    topology.declare(url)
    return url


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of an empty database, which is dropped after the test."""
    name = f"test_{uuid4().hex}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture
def own_rabbitmq() -> Iterator[EmbeddedRabbitMQ]:
    """A RabbitMQ node for one test, which may stop, kill and start it."""
    with scratch_rabbitmq(management=False) as server:
        yield server


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server for the tests of one file, which may stop, kill and start it, and leave it running."""
    with scratch_postgres() as server:
        yield server
