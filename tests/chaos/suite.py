"""The suite as real processes, for tests that harm it, and what must hold whatever happened."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import kombu
from kombu.transport.native_delayed_delivery import level_name
from yarl import URL

from warren import topology
from warren.embedded import EmbeddedPostgres, EmbeddedRabbitMQ
from warren.testing.processes import Program, Programs, until
from warren.testing.script import Journal

from .speaker import Speaker
from .watcher import Event, Watcher, check_story

SERVER = str(Path(__file__).with_name("server.py"))
WORKER = "warren.testing.script"
SECONDS = 60.0
"""How long anything may take before it counts as hanging."""
SOON_LEVELS = 4
"""Of delayed delivery: what waits at these comes within 16 seconds."""


@dataclass
class Suite:
    """The servers of a test, and the programs it starts. `url` is the gateway that was started last."""

    rabbitmq: EmbeddedRabbitMQ
    postgres: EmbeddedPostgres
    broker_url: str
    database_url: str
    programs: Programs
    journal: Journal
    url: str = ""
    watchers: list[Watcher] = field(default_factory=list)

    async def gateway(self, *, ready: bool = True, **environment: str) -> Program:
        """A replica of the gateway, with the route for scripts."""
        program = await self.programs.gateway(sys.executable, SERVER, ready=ready, **environment)
        self.url = program.url
        return program

    async def worker(self, *, ready: bool = True, **environment: str) -> Program:
        """A worker that plays scripts."""
        return await self.programs.worker(WORKER, ready=ready, **environment)

    async def analyzer(self, **environment: str) -> Program:
        return await self.programs.service("analyzer", "worker", ready=True, **environment)

    async def transcriber(self, **environment: str) -> Program:
        """A worker for live streams, with one process that recognises speech."""
        alone = {"WARREN_ENGINE_PROCESSES": "1", **environment}
        return await self.programs.service("transcriber-streams", "worker", ready=True, **alone)

    async def post(self, *runs: Sequence[str]) -> str:
        """Have a script accepted; the job's id."""
        async with self.client() as client:
            answer = await client.post("/test/scripts", json={"runs": runs})
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["id"]
        return job_id

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=30)

    async def job(self, job_id: str) -> dict[str, Any]:
        async with self.client() as client:
            answer = await client.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    @contextlib.asynccontextmanager
    async def watching(self, *job_ids: str) -> AsyncIterator[list[Watcher]]:
        """Follow jobs, one by WebSocket and the next by SSE; the block ends when all of them have."""
        watchers = [Watcher(job_id) for job_id in job_ids]
        self.watchers += watchers
        async with asyncio.TaskGroup() as tasks:
            for number, watcher in enumerate(watchers):
                follow = watcher.over_websocket if number % 2 == 0 else watcher.over_sse
                tasks.create_task(_bounded(follow(lambda: self.url), watcher.hangs))
            yield watchers

    @contextlib.asynccontextmanager
    async def speaking(self) -> AsyncIterator[Speaker]:
        """Somebody who opens a live stream; the block ends when they have said all and heard the rest."""
        speaker = Speaker(lambda: self.url)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_bounded(speaker.run(), lambda: f"a stream hangs after {speaker.messages[-3:]}"))
            yield speaker
            speaker.end()

    async def heard(self, watcher: Watcher, event: str, count: int = 1) -> None:
        await until(lambda: watcher.types.count(event) >= count, SECONDS, f"{count} {event} of {watcher.job_id}")

    @contextlib.asynccontextmanager
    async def database(self) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        connection = await asyncpg.connect(self.database_url.replace("+asyncpg", ""))
        try:
            yield connection
        finally:
            await connection.close()

    async def recorded(self, job_id: str) -> list[Event]:
        """The log of a job in PostgreSQL, as clients see events."""
        async with self.database() as database:
            rows = await database.fetch(
                "SELECT run, n, type FROM gateway.job_events WHERE job_id = $1 ORDER BY run, n", job_id
            )
        first = {"id": "0-0", "event": "queued"}
        return [first, *({"id": f"{row['run']}-{row['n']}", "event": row["type"]} for row in rows)]

    async def check_ended(self, job_ids: Sequence[str], status: str = "completed") -> None:
        """All jobs ended once, and everybody who watched was told so."""
        for job_id in job_ids:
            story = await self.recorded(job_id)
            check_story(story)
            assert story[-1]["event"] == status, story
            assert (await self.job(job_id))["status"] == status
        for watcher in self.watchers:
            if watcher.job_id in job_ids:
                check_story(watcher.events)
                assert watcher.types[-1] == status

    async def drained(self) -> None:
        """Wait until nothing is under way: a message that was sent twice may come after all that a test has seen."""
        names = [*(level_name(level) for level in range(SOON_LEVELS)), *(queue.name for queue in topology.queues())]

        def nothing() -> bool:
            workers = [program for program in self.programs.started if program.running]
            # Twice: what a worker had at the first look, it may have put back since.
            return not self._waiting(*names) and all(w.idle() for w in workers) and not self._waiting(*names)

        with contextlib.suppress(TimeoutError):  # what is left is told below
            await until(nothing, SECONDS, "nothing to be under way")
        left = self._waiting(*names)
        assert left == {}, left

    def _waiting(self, *names: str) -> dict[str, int]:
        """Those of these queues with messages that nobody has, and how many."""
        with kombu.Connection(self.broker_url) as connection:
            declared = (kombu.Queue(name)(connection).queue_declare(passive=True) for name in names)
            return {queue.queue: queue.message_count for queue in declared if queue.message_count}

    async def check_queues(self) -> None:
        """Nothing waits in a queue, and none is there that the topology does not know. After the programs' end."""
        names = {queue.name for queue in topology.queues()}
        waiting = self._waiting(*names)
        assert waiting == {}, waiting
        async with httpx2.AsyncClient(base_url=self.rabbitmq.management_url, trust_env=False) as management:
            answer = await management.get(f"queues{URL(self.broker_url).path}", params={"columns": "name"})
        others = {queue["name"] for queue in answer.json()} - names
        assert {name for name in others if not name.startswith("celery_delayed_")} == set()


async def _bounded(following: Coroutine[Any, Any, None], hangs: Callable[[], str]) -> None:
    try:
        await asyncio.wait_for(following, 2 * SECONDS)
    except TimeoutError:
        raise AssertionError(hangs()) from None
