"""From a worker's `job.progress()` to a WebSocket client: how long an event is on its way.

The reference is the same client's ping and pong over the same socket, which crosses the gateway but no broker.
"""

import asyncio
import json
import time
from urllib.request import Request, urlopen

import websockets

from bench.harness import suite


async def measure(url: str) -> None:
    with urlopen(Request(f"{url}/bench/ticks", method="POST")) as response:
        job_id = json.load(response)["id"]
    delays: list[float] = []
    pings: list[float] = []
    async with websockets.connect(url.replace("http", "ws") + "/v1/events") as socket:
        for _ in range(100):
            started = time.perf_counter()
            await socket.send('{"type": "ping"}')
            await socket.recv()
            pings.append(time.perf_counter() - started)
        await socket.send(json.dumps({"type": "watch", "job_id": job_id}))
        async for text in socket:
            event = json.loads(text)
            if event["event"] == "progress":
                delays.append(time.time() - float(event["data"]["message"]))
            elif event["event"] == "completed":
                break
    delays, pings = sorted(delays[len(delays) // 4 :]), sorted(pings)  # the first came from the log
    middle, late, ping = delays[len(delays) // 2], delays[int(len(delays) * 0.99)], pings[len(pings) // 2]
    print(f"progress to WebSocket: p50 {middle * 1e3:.1f} ms, p99 {late * 1e3:.1f} ms (floor: p50 ≤ 10 ms)")
    print(f"ratio to a ping through the same socket ({ping * 1e3:.2f} ms): {middle / ping:.1f}")


def main() -> None:
    with suite() as made, made.gateway() as url, made.worker():
        asyncio.run(measure(url))


if __name__ == "__main__":
    main()
