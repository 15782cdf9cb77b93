"""`analyzer.text_chunk` and `analyzer.text_llm_chunk`: describe the texts of one part of a file. All that
either changes, it changes in one transaction."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.texts import lines, llm
from analyzer.texts.asking import Asked
from analyzer.texts.children import Children
from analyzer.texts.lines import Bad, Line, Parsed
from analyzer.texts.llm import LlmAnalyst
from analyzer.texts.store import batches, claims, texts
from analyzer.texts.store.batches import Work
from analyzer.texts.store.claims import Claim
from analyzer.texts.store.texts import NewText
from analyzer.texts.work import Described, Model
from warren.blobs import BlobStore
from warren.contracts.base import Empty
from warren.contracts.texts import LlmTextChunk, TextChunk
from warren.database import Database
from warren.errors import BlobNotFound, JobError
from warren.worker.job import Job

log = structlog.get_logger(__name__)

LLM_RUNS = 3
"""Of a chunk for whose texts the model cannot be had; then they are stored without it. Fewer than `batch.TRIES`."""


class _Stale(Exception):
    """What was thought to be stored already was replaced meanwhile: look again."""


@dataclass(frozen=True)
class _Chunk:
    """The last text of each id of a part, and the lines that are not kept."""

    texts: dict[str, tuple[NewText, int]]
    read: int
    duplicates: int
    failed: int
    bad: list[Bad]
    asked: Asked

    @property
    def new(self) -> list[NewText]:
        return [text for text, _ in self.texts.values()]


class Chunks:
    """Handlers of `analyzer.text_chunk` and `analyzer.text_llm_chunk`."""

    def __init__(
        self, database: Database, blobs: BlobStore, children: Children, writers: int, analyst: LlmAnalyst | None
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._children = children
        self._analyst = analyst
        # More at a time would only wait for each other in the index.
        self._writing = asyncio.Semaphore(writers)
        # Chunks in memory: those that are described, those that are written, and the next.
        self._turn = asyncio.Semaphore(2 * writers + 1)

    async def work_off(self, job: Job[TextChunk]) -> Empty:
        """Does nothing if it is done, or its batch is over."""
        async with self._turn:
            await self._work_off(job.payload.batch_id, job.payload.n)
        return Empty()

    async def work_off_llm(self, job: Job[LlmTextChunk]) -> Empty:
        """Likewise. These chunks are small, and mostly wait for the model: they take no turn."""
        await self._work_off(job.payload.batch_id, job.payload.n, job.run)
        return Empty()

    async def _work_off(self, batch_id: str, n: int, llm_run: int | None = None) -> None:
        """`llm_run`: with a language model, and for which time."""
        async with self._database.transaction() as connection:
            work = await batches.begin(connection, batch_id, n)
        if work is None:
            return
        try:
            data = await self._blobs.part(work.blob, work.start, work.stop)
        except BlobNotFound:
            return  # the batch's own job finds out too, and tells
        chunk = await asyncio.to_thread(_read, work, data)
        try:
            while not await self._keep(batch_id, n, chunk, llm_run):
                log.info("chunk_looks_again", batch_id=batch_id, n=n)
        except JobError as error:
            await self._refuse(batch_id, n, work, chunk, error)

    async def _refuse(self, batch_id: str, n: int, work: Work, chunk: _Chunk, error: JobError) -> None:
        """None of its texts can be described."""
        bad = [*chunk.bad, Bad(work.line, error.code, f"None of {len(chunk.texts)} texts from here: {error.message}")]
        async with self._database.transaction() as connection:
            if await batches.take(connection, batch_id, n):
                await batches.finish(connection, batch_id, n, bad, failed=chunk.failed + chunk.read)

    async def _keep(self, batch_id: str, n: int, chunk: _Chunk, llm_run: int | None) -> bool:
        """Whether all went well; else look again what is stored already."""
        model = await self._children.model()
        async with self._database.transaction() as connection:
            known = await texts.fingerprints(connection, [text.key for text in chunk.new])
        changed = [text for text in chunk.new if known.get(text.key) != text.fingerprint(model)]
        described = await self._children.describe([text.text for text in changed], bulk=True)
        if llm_run is not None:
            await self._ask(batch_id, n, chunk)
            if llm_run < LLM_RUNS:
                chunk.asked.raise_if_away()
        try:
            async with self._writing, self._database.transaction() as connection:
                if await batches.take(connection, batch_id, n):
                    await _write(connection, batch_id, n, model, chunk, list(zip(changed, described, strict=True)))
        except _Stale:
            return False
        return True

    async def _ask(self, batch_id: str, n: int, chunk: _Chunk) -> None:
        """About those of which the model has not said anything yet."""
        analyst = llm.demanded(self._analyst)

        async def beat() -> None:
            async with self._database.transaction() as connection:
                await batches.beat(connection, batch_id, n, chunk.asked.usage)

        async with self._database.transaction() as connection:
            known = await texts.stored(connection, [text.key for text in chunk.new])
        unknown = [text for text in chunk.new if not analyst.knows(known.get(text.key), text.sha256.hex())]
        await chunk.asked.ask(analyst, unknown, beat)


async def _write(
    connection: AsyncConnection,
    batch_id: str,
    n: int,
    model: Model,
    chunk: _Chunk,
    made: list[tuple[NewText, Described]],
) -> None:
    """Raises `_Stale`."""
    wanted = {name: Claim(line, text.sha256) for name, (text, line) in chunk.texts.items()}
    verdict = await claims.claim(connection, batch_id, wanted)
    made = [(text, found) for text, found in made if text.track_id not in verdict.lost]
    kept = {text.track_id for text, _ in made}
    # What was stored before may have been replaced by an earlier line of this batch, over which this one has won.
    unsure = [chunk.texts[name][0] for name in verdict.met - verdict.lost - kept]
    now = await texts.fingerprints(connection, [text.key for text in unsure])
    if any(now.get(text.key) != text.fingerprint(model) for text in unsure):
        raise _Stale
    await texts.write(connection, model, made)
    said = {name: answer for name, answer in chunk.asked.answers.items() if name not in verdict.lost}
    await texts.write_llm(connection, list(said.values()))
    silent = [_silent(chunk, name) for name in chunk.asked.failures if name not in verdict.lost]
    # One of several lines is counted as what became of its text, the others as duplicates.
    stored = len((kept | said.keys()) - verdict.met)
    await batches.finish(
        connection,
        batch_id,
        n,
        [*chunk.bad, *verdict.bad, *silent],
        texts=chunk.read,
        stored=stored,
        unchanged=len(chunk.texts) - len(verdict.met) - stored,
        duplicates=chunk.duplicates + len(verdict.met),
        failed=chunk.failed,
        llm_failed=len(silent),
        usage=chunk.asked.usage.model_dump(),
    )


def _silent(chunk: _Chunk, name: str) -> Bad:
    """What to say of a text of which the model said nothing."""
    error = chunk.asked.failures[name]
    message = f"The text is stored, but without an analysis by the language model: {error.message}"
    return Bad(chunk.texts[name][1], llm.code_of(error), message, name)


def _read(work: Work, data: bytes) -> _Chunk:
    parsed: Parsed = lines.parse(work.file, data, work.line)
    last: dict[str, Line] = {}
    bad = list(parsed.bad)
    for line in parsed.lines:
        before = last.get(line.track_id)
        if before is not None and before.text != line.text:
            bad.append(claims.superseded(line.track_id, before.number, line.number))
        last[line.track_id] = line
    found = {name: (NewText(work.owner, name, line.text), line.number) for name, line in last.items()}
    for text, _ in found.values():
        text.sha256  # noqa: B018  computed here, off the event loop
    asked = Asked(usage=work.usage)
    return _Chunk(found, len(parsed.lines), len(parsed.lines) - len(found), len(parsed.bad), bad, asked)
