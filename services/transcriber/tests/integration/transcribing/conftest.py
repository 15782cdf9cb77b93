"""Real worker processes on a real RabbitMQ."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from warren.broker import Broker
from warren.testing.processes import Program, Programs

from .studio import Studio


def environment(url: str, directory: Path, **more: str) -> dict[str, str]:
    return {
        "WARREN_BROKER_URL": url,
        "WARREN_BLOBS_URL": (directory / "blobs").as_uri(),
        "WARREN_SHUTDOWN_GRACE_SECONDS": "1",
        "WARREN_STREAM_IDLE_SECONDS": "120",
        "WARREN_LOG_LEVEL": "DEBUG",
        **more,
    }


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def programs(shared_vhost: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    """Of the workers that all tests share."""
    directory = tmp_path_factory.mktemp("transcriber")
    made = Programs(environment(shared_vhost, directory), directory)
    try:
        yield made
    finally:
        await made.end()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stream_worker(programs: Programs) -> Program:
    return await programs.service("transcriber-streams", "worker")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def file_worker(programs: Programs) -> Program:
    return await programs.service("transcriber-files", "worker")


@pytest.fixture
async def studio(shared_vhost: str) -> AsyncIterator[Studio]:
    async with Broker(shared_vhost, "studio") as broker:
        made = Studio(broker)
        await made.open()
        yield made
