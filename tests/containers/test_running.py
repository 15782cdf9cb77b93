"""What the containers are held to, and that they do their work in any number and after any restart."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from .conftest import SECONDS, TERMINAL, Compose, client, ended, submit

pytestmark = pytest.mark.timeout(1200)


def test_every_container_is_held(compose: Compose) -> None:
    for container in compose.containers():
        name, host = container["Name"], container["HostConfig"]
        assert container["Config"]["User"] not in {"", "root", "0"}, name
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert not host["Privileged"], name
        processes = _status(container)
        assert processes
        for process in processes:
            assert process["Uid"].split()[1] != "0", (name, process["Name"])
            assert {int(process[which], 16) for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}, (
                name
            )
            assert process["NoNewPrivs"] == "1", name


def _status(container: dict[str, Any]) -> list[dict[str, str]]:
    """`/proc/PID/status` of the container's first process and of its children."""
    first = container["State"]["Pid"]
    found = []
    waiting = [first]
    while waiting:
        pid = waiting.pop()
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        found.append(dict(line.split(":\t", 1) for line in lines if ":\t" in line))
        waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split())
    return found


async def test_the_sandbox_is_whole_in_a_container(compose: Compose) -> None:
    async with client(compose.url) as http:
        health = (await http.get("/health")).json()
    assert health["analyzer"]["sandbox_tier"] == "full"


async def test_every_replica_of_the_gateway_tells_of_every_job(compose: Compose) -> None:
    compose.up("--scale", "gateway=2", "--scale", "analyzer-worker=3")
    try:
        addresses = compose.addresses("gateway")
        assert len(addresses) == 2
        assert len(compose.containers("analyzer-worker")) == 3
        async with client(compose.url) as http:
            job_id = await submit(http, 0)
            told = await asyncio.gather(*(_watched(f"ws://{address}:8000/v1/events", job_id) for address in addresses))
        assert all(events[-1] == "completed" for events in told), told
    finally:
        compose.up("--scale", "gateway=1", "--scale", "analyzer-worker=1")


async def _watched(address: str, job_id: str) -> list[str]:
    events: list[str] = []
    async with asyncio.timeout(SECONDS), connect(address, proxy=None) as socket:
        await socket.send(json.dumps({"type": "watch", "job_id": job_id}))
        while not events or events[-1] not in TERMINAL:
            message = json.loads(await socket.recv())
            events.append(message.get("event") or message["type"])
    return events


async def test_what_was_done_is_there_after_down_and_up(compose: Compose) -> None:
    async with client(compose.url) as http:
        job_id = await submit(http, 0)
        assert await ended(http, job_id) == "completed"
    compose("down")
    compose.up()
    async with client(compose.url) as http:
        job = (await http.get(f"/v1/jobs/{job_id}")).json()
        assert job["status"] == "completed"
        assert job["result"]
        again = await submit(http, 3)
        assert await ended(http, again) == "completed"
