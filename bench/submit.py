"""Jobs accepted and sent a second, against a POST that does nothing on the same server.

Accepted and sent means: the row is committed and RabbitMQ has confirmed the message. For comparison, the naive way to
do it, insert and then publish within the request, gave a ratio of 0.23.
"""

import asyncio

import asyncpg

from bench.harness import median_ratio, post_many, suite, until

ROUNDS = 3
JOBS = 4000
CONNECTIONS = 128


async def measure(url: str, dsn: str) -> None:
    database = await asyncpg.connect(dsn)

    async def sent() -> bool:
        return not await database.fetchval("SELECT count(*) FROM gateway.jobs WHERE sent_at IS NULL")

    pairs = []
    clock = asyncio.get_running_loop().time
    for _ in range(ROUNDS):
        reference = await post_many(f"{url}/bench/noop", JOBS, CONNECTIONS)
        started = clock()
        ours = await post_many(f"{url}/bench/jobs", JOBS, CONNECTIONS)
        await until(sent)
        rate = JOBS / (clock() - started)
        pairs.append((rate, reference.rate))
        print(f"no-op POST            {reference}")
        print(f"accepted              {ours}\naccepted and sent     {rate:8.0f}/s")
    print(f"ratio to a no-op POST: {median_ratio(pairs):.2f} (floor 0.3)")
    await database.close()


def main() -> None:
    with suite() as made, made.gateway() as url:
        asyncio.run(measure(url, made.database_dsn))


if __name__ == "__main__":
    main()
