"""Python's garbage collector in a process that lives long and makes many small objects."""

import asyncio
import gc

THRESHOLDS = (10_000, 20, 20)
"""New objects before a collection, and collections before one of older objects. With Python's 700, a sixth of the
gateway's time went into looking for cycles among requests, which have next to none."""
FULL_SECONDS = 60.0
"""How often all is looked through: by the thresholds alone what a live stream leaves behind would stay for hours."""


def settle() -> None:
    """Make the collector rare, and take what was made at the start out of its sight; call it before the work begins.

    What was made at the start is never garbage, and to look through it took up to 0.2 seconds each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


async def keep_clean(seconds: float = FULL_SECONDS) -> None:
    """Until cancelled, collect all garbage every so often. On the loop: what it frees may belong to that thread."""
    while True:
        await asyncio.sleep(seconds)
        gc.collect()
