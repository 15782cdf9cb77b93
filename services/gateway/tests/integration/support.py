"""The real gateway in the test's own process, and the words to speak with it and with the worker behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa
import websockets
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection

from gateway.app import create_app
from gateway.cli import Server
from gateway.service import Gateway
from gateway.settings import GatewaySettings
from gateway.store import keys
from warren import control, events
from warren.broker import Broker
from warren.contracts.events import EventType, JobEvent
from warren.ids import new_id

CSV = b"city,amount\nLyon,1\nTurin,2\n"
SECONDS = 10.0
"""Long enough for a busy machine; a test that waits this long has failed."""


class Client(httpx2.AsyncClient):
    """Calls one gateway. `answer` methods return what a test looks at: the parsed body."""

    async def ask(self, question: str = "how many rows?", file: bytes | None = CSV, **fields: Any) -> dict[str, Any]:
        """Ask about a file; the job as it was accepted."""
        response = await self.post_question(question, file, **fields)
        assert response.status_code == 202, response.text
        job: dict[str, Any] = response.json()
        return job

    async def post_question(
        self, question: str, file: bytes | None = CSV, headers: dict[str, str] | None = None, **fields: Any
    ) -> httpx2.Response:
        files = {"file": ("sales.csv", file, "text/csv")} if file is not None else None
        return await self.post(
            "/v1/analyses", data={"question": question, **fields}, files=files, headers=headers, timeout=SECONDS + 10
        )

    async def job(self, job_id: str, wait: float = 0) -> dict[str, Any]:
        """The job, after up to `wait` seconds if it does not end before."""
        response = await self.get(f"/v1/jobs/{job_id}", headers={"Prefer": f"wait={wait}"} if wait else None)
        assert response.status_code == 200, response.text
        job: dict[str, Any] = response.json()
        return job

    async def reached(self, job_id: str, status: str) -> dict[str, Any]:
        """The job, once it is in this state and before it leaves it."""
        async with asyncio.timeout(SECONDS):
            while (job := await self.job(job_id))["status"] != status:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return job

    async def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it ended."""
        job = await self.job(job_id, wait=SECONDS)
        assert job["completed_at"], job
        return job


def make_client(url: str, headers: dict[str, str] | None = None) -> Client:
    # Without TLS, whose certificates take longer to load than most tests run.
    return Client(base_url=url, headers=headers, timeout=SECONDS, trust_env=False, verify=False)


@dataclass
class RunningGateway:
    """A gateway that listens on 127.0.0.1, and its parts for what clients cannot see."""

    url: str
    settings: GatewaySettings
    app: FastAPI
    http: Client

    @property
    def parts(self) -> Gateway:
        parts: Gateway = self.app.state.gateway
        return parts

    def places(self, key_id: str = "local") -> int:
        """How many streams and sockets a key holds."""
        return self.parts.places.held(key_id)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[-1])

    def client(self, secret: str | None = None, **headers: str) -> Client:
        """Another client, with a key of its own if there is a secret."""
        return make_client(self.url, {**({"Authorization": f"Bearer {secret}"} if secret else {}), **headers})

    async def create_key(self, name: str = "somebody", **options: Any) -> str:
        """The secret of a new API key."""
        async with self.parts.database.transaction() as connection:
            _, secret = await keys.create(connection, name, **options)
        return secret

    def connect(self, path: str, **options: Any) -> AbstractAsyncContextManager[ClientConnection]:
        """A WebSocket to the gateway."""
        return websockets.connect(f"ws{self.url.removeprefix('http')}{path}", proxy=None, **options)

    def run(self, job_id: str, number: int = 1) -> "ToldRun":
        return ToldRun(self.parts, job_id, number)

    async def recorded(self) -> None:
        """Wait until all events published so far are in the database."""
        job = await self.http.ask()
        await self.run(job["id"]).finish()
        await self.http.ended(job["id"])

    def blobs(self, folder: str) -> list[str]:
        """Names of what is stored in a folder of the blob store."""
        directory = Path(self.settings.blobs_url.removeprefix("file://")) / folder
        return sorted(path.name for path in directory.rglob("*") if path.is_file()) if directory.exists() else []

    async def rows(self, statement: sa.Executable) -> list[Any]:
        """What a query finds in the gateway's database; statements that change something return nothing."""
        async with self.parts.database.transaction() as connection:
            result = await connection.execute(statement)
            return list(result.all()) if result.returns_rows else []


class ToldRun:
    """One run of a job, as a worker would tell of it: each call publishes the next event."""

    def __init__(self, gateway: Gateway, job_id: str, number: int = 1) -> None:
        self._gateway = gateway
        self._job_id = job_id
        self._number = number
        self._n = 0

    def next(self, kind: EventType, **data: Any) -> JobEvent:
        self._n += 1
        return JobEvent(job_id=self._job_id, run=self._number, n=self._n, type=kind, at=datetime.now(UTC), data=data)

    async def tell(self, *told: JobEvent) -> None:
        await self._gateway.broker.ready()  # the gateway itself accepts jobs before
        await events.publish(self._gateway.broker, "analyzer", told)

    async def start(self) -> None:
        await self.tell(self.next(EventType.started))

    async def progress(self, message: str = "working", stage: str = "running", **data: Any) -> None:
        await self.tell(self.next(EventType.progress, stage=stage, message=message, **data))

    async def complete(self, **result: Any) -> None:
        report = {"answer": "2", "engine": "local", **result}
        await self.tell(self.next(EventType.completed, result=report, brief={"answer": report["answer"]}))

    async def fail(self, code: str = "sandbox.timeout", message: str = "It took too long.") -> None:
        await self.tell(self.next(EventType.failed, code=code, message=message, retryable=False, details={}))

    async def finish(self, **result: Any) -> None:
        """A whole short run."""
        await self.start()
        await self.complete(**result)


class Broadcasts:
    """What the gateway tells all workers to stop."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._heard: asyncio.Queue[str] = asyncio.Queue()

    async def listen(self) -> None:
        listening = asyncio.Event()
        control.listen(self._broker, self._heard.put_nowait, listening.set)
        await listening.wait()

    async def next(self) -> str:
        """The next job to stop."""
        async with asyncio.timeout(SECONDS):
            return await self._heard.get()

    async def so_far(self) -> list[str]:
        """All jobs told of since the last call."""
        mark = new_id("mark")
        await control.broadcast_cancel(self._broker, mark)
        heard = []
        while (job_id := await self.next()) != mark:
            heard.append(job_id)
        return heard


@asynccontextmanager
async def running(settings: GatewaySettings) -> AsyncIterator[RunningGateway]:
    """The gateway as `gateway api` serves it, on a free port of 127.0.0.1."""
    app = create_app(settings)
    server = Server(app, settings)
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    # Without its main loop, which looks only ten times a second whether to stop.
    await server.startup()
    try:
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        url = f"http://{host}:{port}"
        async with make_client(url) as http:
            yield RunningGateway(url, settings, app, http)
    finally:
        await server.shutdown()


async def until(true: Callable[[], bool | Awaitable[bool]], seconds: float = SECONDS) -> None:
    """Wait for what no event tells of."""
    async with asyncio.timeout(seconds):
        while not (await found if isinstance(found := true(), Awaitable) else found):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def receive(socket: ClientConnection) -> dict[str, Any]:
    """The next message of a WebSocket."""
    async with asyncio.timeout(SECONDS):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def close_code(socket: ClientConnection) -> int | None:
    """How the server ends the connection."""
    async with asyncio.timeout(SECONDS):
        await socket.wait_closed()
    return socket.close_code
