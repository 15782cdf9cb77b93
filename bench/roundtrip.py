"""No-op jobs a second from POST to recorded completion, against the glue a user would write instead (bench/glue.py).

Both have one web process and one worker process, on the same servers; the rounds alternate.
"""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from bench.harness import Suite, median_ratio, post_many, suite, until
from warren.embedded import free_port

ROUNDS = 5
JOBS = 2500
CONNECTIONS = 64

OURS = "SELECT count(*) FROM gateway.jobs WHERE kind = 'bench.noop' AND completed_at IS NULL"
THEIRS = "SELECT count(*) FROM glue_jobs WHERE completed_at IS NULL"
HOPS = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at)),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at)),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - started_at))
FROM gateway.jobs WHERE kind = 'bench.noop'
"""


@contextlib.contextmanager
def glue(made: Suite) -> Iterator[str]:
    port = free_port()
    worker = (
        str(Path(sys.executable).parent / "taskiq"),
        "worker",
        "bench.glue:broker",
        "--workers",
        "1",
        "--log-level",
        "WARNING",
    )
    with (
        made.process(sys.executable, "-m", "bench.glue", str(port), ready=f"http://127.0.0.1:{port}/health/ready"),
        made.process(*worker),
    ):
        yield f"http://127.0.0.1:{port}"


async def one_round(database: asyncpg.Connection, url: str, unfinished: str) -> float:
    """Jobs a second, from the first POST to the last recorded completion."""

    async def finished() -> bool:
        return not await database.fetchval(unfinished)

    clock = asyncio.get_running_loop().time
    started = clock()
    await post_many(f"{url}/bench/jobs", JOBS, CONNECTIONS)
    await until(finished)
    return JOBS / (clock() - started)


async def measure(ours: str, theirs: str, dsn: str) -> None:
    database = await asyncpg.connect(dsn)
    for url, unfinished in ((ours, OURS), (theirs, THEIRS)):  # warm both up
        await one_round(database, url, unfinished)
    pairs = []
    for _ in range(ROUNDS):
        pairs.append((await one_round(database, ours, OURS), await one_round(database, theirs, THEIRS)))
        print(f"Warren {pairs[-1][0]:6.0f} jobs/s   glue {pairs[-1][1]:6.0f} jobs/s")
    hops = await database.fetchrow(HOPS)
    assert hops is not None
    sent, started, ran = hops
    print(
        f"median hops under this load: confirmed {sent * 1e3:.0f} ms, taken by the worker {started * 1e3:.0f} ms after "
        f"the POST; run {ran * 1e3:.1f} ms"
    )
    print(f"ratio to FastAPI + taskiq-aio-pika + asyncpg: {median_ratio(pairs):.2f} (floor 1.0)")
    await database.close()


def main() -> None:
    with suite() as made, made.gateway() as ours, made.worker(), glue(made) as theirs:
        asyncio.run(measure(ours, theirs, made.database_dsn))


if __name__ == "__main__":
    main()
