"""A real worker process on a real RabbitMQ. One worker serves all tests that do not harm it."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from warren import topology
from warren.broker import Broker
from warren.testing.processes import Program, Programs
from warren.testing.script import JOURNAL, Journal

from .desk import Desk

WORKER = "warren.testing.script"

OpenDesk = Callable[[str], AbstractAsyncContextManager[Desk]]


def environment(url: str, directory: Path, **more: str) -> dict[str, str]:
    """Of a script worker on this virtual host."""
    return {
        "WARREN_BROKER_URL": url,
        "WARREN_BLOBS_URL": (directory / "blobs").as_uri(),
        "WARREN_WORKER_CONCURRENCY": "4",
        "WARREN_SHUTDOWN_GRACE_SECONDS": "1",
        JOURNAL: str(directory / "journal"),
        **more,
    }


@contextlib.asynccontextmanager
async def open_desk(url: str) -> AsyncIterator[Desk]:
    async with Broker(url, "desk") as broker:
        desk = Desk(broker)
        await desk.open()
        yield desk


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_worker(shared_vhost: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    """The worker of all tests that do not harm it."""
    directory = tmp_path_factory.mktemp("worker")
    programs = Programs(environment(shared_vhost, directory), directory)
    try:
        yield await programs.worker(WORKER)
    finally:
        await programs.end()


@pytest.fixture
def shared_journal(shared_worker: Program) -> Journal:
    return Journal(shared_worker.log.parent / "journal")


@pytest.fixture
async def desk(shared_vhost: str, shared_worker: Program) -> AsyncIterator[Desk]:
    """A desk beside the shared worker."""
    async with open_desk(shared_vhost) as desk:
        yield desk


@pytest.fixture
def own_vhost(vhost: str) -> str:
    """A virtual host with the topology, for one test whose worker comes to harm."""
    topology.declare(vhost)
    return vhost


@pytest.fixture
async def programs(own_vhost: str, tmp_path: Path) -> AsyncIterator[Programs]:
    """For workers of this test; none may leave a process behind."""
    programs = Programs(environment(own_vhost, tmp_path), tmp_path)
    try:
        yield programs
    finally:
        await programs.end()


@pytest.fixture
async def own_desk(own_vhost: str) -> AsyncIterator[Desk]:
    async with open_desk(own_vhost) as desk:
        yield desk


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")
