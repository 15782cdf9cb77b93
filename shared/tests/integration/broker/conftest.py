"""A connection for one test, on the virtual host that all share."""

from collections.abc import AsyncIterator

import pytest

from warren.broker import Broker


@pytest.fixture
async def broker(shared_vhost: str) -> AsyncIterator[Broker]:
    async with Broker(shared_vhost, "test") as broker:
        await broker.ready()
        yield broker
