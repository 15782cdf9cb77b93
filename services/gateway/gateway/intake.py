"""Writes the rows of new jobs, those of many requests in one transaction."""

import asyncio
from typing import Any

from gateway.batches import next_batch
from gateway.store import jobs as store
from warren.database import Database

BATCH = 200
LANES = 2


class Intake:
    """`add()` from requests; `run()` writes, for as long as the gateway lives."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: asyncio.Queue[tuple[dict[str, Any], asyncio.Future[None]]] = asyncio.Queue()

    async def add(self, row: dict[str, Any]) -> None:
        """Returns when the row is committed. Raises what the database raises."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((row, done))
        await done

    async def run(self) -> None:
        """Write what waits. While one transaction is made durable, the next is filled."""
        await asyncio.gather(*(self._run() for _ in range(LANES)))

    async def _run(self) -> None:
        while True:
            batch = await next_batch(self._waiting, BATCH)
            try:
                async with self._database.transaction() as connection:
                    await store.insert(connection, [row for row, _ in batch])
            except Exception as error:  # noqa: BLE001  whoever waits must hear of it, and the next batch may succeed
                _settle(batch, error)
            else:
                _settle(batch, None)


def _settle(batch: list[tuple[dict[str, Any], "asyncio.Future[None]"]], error: Exception | None) -> None:
    for _, done in batch:
        if done.done():
            continue  # the client is gone
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
