"""The suite in containers, as `make up` starts it. `make chaos` runs these tests; they need Docker.

With `WARREN_CHAOS=1` they use the compose project `warren`, of which they kill containers, and make and delete another,
`warren-elsewhere`.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 300.0
TERMINAL = {"completed", "failed", "cancelled", "expired"}


@dataclass(frozen=True)
class Compose:
    """`docker compose` and `docker` at a terminal, with these variables besides those of .env."""

    variables: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> str:
        return self.run("docker", "compose", *arguments)

    def run(self, *command: str) -> str:
        """What a command prints that is run in the repository's root."""
        environment = os.environ | self.variables
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """What Docker knows of each running container."""
        ids = self("ps", "--quiet", *services).split()
        done = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, timeout=60, check=True)
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def addresses(self, service: str) -> list[str]:
        """IP of each replica."""
        networks = [container["NetworkSettings"]["Networks"] for container in self.containers(service)]
        return [network["IPAddress"] for each in networks for network in each.values()]

    def up(self, *options: str) -> None:
        self("up", "--detach", "--wait", "--no-build", *options)

    @property
    def url(self) -> str:
        """Where the proxy listens; another port after each `up`, if .env says so."""
        return f"http://{self('port', 'proxy', '8080').strip()}"


@pytest.fixture(scope="session")
def compose() -> Compose:
    if not os.environ.get("WARREN_CHAOS"):
        pytest.skip("needs the suite in containers, and disturbs it: make chaos")
    made = Compose()
    made.up()
    return made


def client(url: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=url, trust_env=False, timeout=60)


async def submit(http: httpx2.AsyncClient, number: int) -> str:
    """Have a job of some kind accepted, whatever happens meanwhile; its id. Said twice, it is accepted once."""
    rows = "".join(f"{city},{n}\n" for n in range(200) for city in ("Lyon", "Turin"))
    table, question = {"file": ("t.csv", f"city,amount\n{rows}")}, {"question": "total amount by city"}
    kinds: Sequence[tuple[str, dict[str, Any]]] = (
        ("/v1/analyses", {"files": table, "data": question}),
        ("/v1/chat", {"json": {"user_id": "ada", "message": "How do tides work?"}}),
        ("/v1/texts", {"json": {"text": "A quiet river runs to the sea.", "track_id": f"river-{number}"}}),
    )  # fmt: skip
    path, body = kinds[number % len(kinds)]
    headers = {"Idempotency-Key": f"{os.getpid()}-{number}", "Prefer": "respond-async"}
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                answer = await http.post(path, headers=headers, **body)
            except httpx2.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 400:
                job_id: str = answer.json()["id"]
                return job_id
            if answer is not None:
                assert answer.status_code in {429, 500, 502, 503, 504}, answer.text
            await asyncio.sleep(0.5)


async def ended(http: httpx2.AsyncClient, job_id: str) -> str:
    """The status in which a job ended."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                answer = await http.get(f"/v1/jobs/{job_id}")
                status = answer.json()["status"] if answer.status_code == 200 else ""
            except httpx2.HTTPError:
                status = ""
            if status in TERMINAL:
                return str(status)
            await asyncio.sleep(0.5)


async def story(http: httpx2.AsyncClient, job_id: str) -> list[str]:
    """Types of all events of a job that ended."""
    async with asyncio.timeout(SECONDS):
        text = (await http.get(f"/v1/jobs/{job_id}/events")).text
    return [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
