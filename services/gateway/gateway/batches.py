"""Do together what comes in together: the loop behind intake, relay and recorder."""

import asyncio
from typing import TypeVar

T = TypeVar("T")


async def next_batch(queue: "asyncio.Queue[T]", limit: int) -> list[T]:
    """Wait for an item, then take what else is there, up to `limit`. Batches so grow with the load."""
    batch = [await queue.get()]
    while len(batch) < limit and not queue.empty():
        batch.append(queue.get_nowait())
    return batch
