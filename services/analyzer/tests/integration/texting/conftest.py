"""Both workers of texts in the test's own process, on one database for the whole run; each test is an owner."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
import sqlalchemy as sa
from pydantic import SecretStr

from analyzer import bulk, worker
from analyzer.cli import migrate
from analyzer.settings import AnalyzerSettings, BulkSettings
from warren import database
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.base import JobPayload, Query
from warren.contracts.texts import AnalyzedText, LlmTextAnalysis, TextAnalysis
from warren.database import Database
from warren.embedded import EmbeddedPostgres
from warren.errors import TransientError
from warren.jobs import JobMessage
from warren.llm.tables import MIGRATIONS as LLM_MIGRATIONS
from warren.queries import QueryClient
from warren.testing.jobs import InMemoryJob
from warren.testing.scripted_llm import ScriptedLlm, Step
from warren.worker.runtime import JobHandlers
from warren.worker.service import Core

SAID = {"themes": ["the sea", "home"], "mood": "wistful", "summary": "Somebody sails home.", "explicit": False}
GOOD = json.dumps(SAID)
STEPS = [
    Step(when="always mumbling", reply="It is about the sea, I think.", times=None),
    Step(when="cannot be used", reply=f"```json\n{GOOD}\n```", times=None),
    Step(when="mumbling", reply='{"themes": "the sea"}', times=None),
    Step(when="away for now", status=503, times=1),
    Step(when="away for good", status=503, times=None),
    Step(when="not for models", status=400, times=None),
    Step(reply=GOOD, times=None, cost=0.5),
]
"""What the model does depends on the words in a text."""
RUNS = 4
"""Of a job in all, as the runtime does them."""


@dataclass
class Desk:
    """Gives texts in as the gateway does, and looks at what became of them."""

    store: Database
    blobs: BlobStore
    handlers: JobHandlers
    queries: Any
    sent: list[JobMessage]
    model: ScriptedLlm
    owner: str = field(default_factory=lambda: f"key_{uuid4().hex}")

    async def run(self, payload: JobPayload, job_id: str = "job_1") -> Any:
        return await self.handlers[type(payload)](InMemoryJob(payload, id=job_id))

    async def add(self, track_id: str, text: str) -> AnalyzedText:
        added: AnalyzedText = await self.run(TextAnalysis(owner=self.owner, track_id=track_id, text=text))
        return added

    async def add_llm(self, track_id: str, text: str) -> AnalyzedText:
        added: AnalyzedText = await self.run(LlmTextAnalysis(owner=self.owner, track_id=track_id, text=text))
        return added

    def asked_about(self, words: str) -> int:
        """How many requests the model had about a text with these words."""
        return sum(words in request.text for request in self.model.requests)

    async def add_all(self, texts: dict[str, str]) -> Sequence[AnalyzedText]:
        return await asyncio.gather(*(self.add(name, text) for name, text in texts.items()))

    async def ask(self, query: Query) -> Any:
        return await self.queries[type(query)](query)

    async def rows(self, sql: str) -> list[sa.Row[Any]]:
        async with self.store.transaction() as connection:
            return list((await connection.execute(sa.text(sql), {"owner": self.owner})).all())


@pytest.fixture(scope="session")
def analyzer_database(postgres: EmbeddedPostgres) -> str:
    """The URL of the database of this run, with the analyzer's tables and index."""
    url = postgres.create_database("analyzer")
    migrate(AnalyzerSettings(database_url=SecretStr(url)))
    database.migrate(url, LLM_MIGRATIONS)
    return url


@pytest.fixture(scope="package")
def model() -> Iterator[ScriptedLlm]:
    with ScriptedLlm(STEPS) as model:
        yield model


async def _insist(handlers: JobHandlers, payload: JobPayload, job_id: str) -> None:
    for run in range(1, RUNS + 1):
        try:
            await handlers[type(payload)](InMemoryJob(payload, id=job_id, run=run))
        except TransientError:
            continue
        return


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def room(
    analyzer_database: str, model: ScriptedLlm, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """The workers, which take seconds to start: one set for all tests of this folder."""
    home: Path = tmp_path_factory.mktemp("texts")
    # Nothing connects: there is no RabbitMQ behind it.
    broker = Broker("amqp://nobody@127.0.0.1:1/", "test")
    blobs = BlobStore((home / "blobs").as_uri())
    sent: list[JobMessage] = []
    running: set[asyncio.Task[Any]] = set()

    async def send(job: JobMessage, *, delay: float = 0.0) -> None:
        sent.append(job)
        kind = next(kind for kind in made.handlers if kind.kind == job.kind)
        task = asyncio.ensure_future(_insist(made.handlers, kind.model_validate(job.payload), job.job_id))
        running.add(task)
        task.add_done_callback(running.discard)

    core = Core(broker, blobs, QueryClient(broker), send)
    given: dict[str, Any] = {"database_url": SecretStr(analyzer_database), "spool_directory": home / "spool"}
    # Small chunks, so that small files have many.
    settings = BulkSettings(
        **given,
        text_processes=1,
        chunk_bytes=2000,
        llm_chunk_bytes=1000,
        llm_api_key=SecretStr("k"),
        llm_base_url=model.base_url,
        llm_model="some/model",
        llm_max_retries=0,
    )
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(database.connect(analyzer_database, "test"))
        answering = await stack.enter_async_context(worker.bootstrap(AnalyzerSettings(**given), core))
        writing = await stack.enter_async_context(bulk.bootstrap(settings, core))
        made = Desk(store, blobs, writing.jobs, answering.queries, sent, model)
        yield made
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
def desk(room: Desk) -> Desk:
    """The workers, for an owner who has no texts yet."""
    return Desk(room.store, room.blobs, room.handlers, room.queries, room.sent, room.model)
