"""`analyzer.text_batch`: cuts a file into chunks, has them worked off, and tells how far it is. All it knows stands in
the tables, so that another run goes on where this one broke off."""

import asyncio
import json
import time
from dataclasses import dataclass

import structlog

from analyzer.settings import BulkSettings
from analyzer.texts import lines, llm
from analyzer.texts.cutting import Cutter, Part
from analyzer.texts.lines import Bad
from analyzer.texts.llm import LlmAnalyst
from analyzer.texts.store import batches
from analyzer.texts.store.batches import Open, Totals
from warren import jobs
from warren.blobs import BlobStore
from warren.contracts.texts import LlmTextChunk, TextBatch, TextBatchPace, TextBatchReport, TextChunk
from warren.database import Database
from warren.errors import BlobNotFound, JobError
from warren.jobs import JobMessage
from warren.worker.job import Job

log = structlog.get_logger(__name__)

HEAD_BYTES = 65_536
"""In which the first line of a CSV must end."""
SHORTEST_PAUSE = 0.05
LONGEST_PAUSE = 0.5
"""Seconds between two looks at the chunks: short while they end, longer while they do not."""
TELL_SECONDS = 1.0
SLOW = 10
"""Texts a second below which tenths are told."""
LISTED = 100_000
"""Lines in the artifact of errors, at most: some 15 MB."""
TRIES = 4
"""How often a chunk is begun before its lines count as failed: something in it kills who works on it."""


@dataclass
class _Place:
    """Where the next part begins: number of the chunk, byte, line."""

    n: int
    start: int
    line: int

    def step(self, part: Part) -> None:
        self.n, self.start, self.line = self.n + 1, part.stop, part.line + part.lines


class Batches:
    """Handler of `analyzer.text_batch`."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        send: jobs.Send,
        settings: BulkSettings,
        analyst: LlmAnalyst | None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._send = send
        self._chunks = settings.chunks_per_batch
        self._part_bytes = settings.chunk_bytes
        self._llm_part_bytes = settings.llm_chunk_bytes
        self._analyst = analyst
        self._silence = settings.chunk_silence_seconds

    async def load(self, job: Job[TextBatch]) -> TextBatchReport:
        """Raises `JobError` `file.gone`, `batch.no_columns`, `llm.not_configured`."""
        try:
            return await self._load(job)
        except BlobNotFound:
            raise JobError("file.gone", "The file was deleted before all of it was read.") from None

    async def _load(self, job: Job[TextBatch]) -> TextBatchReport:
        async with self._database.transaction() as connection:
            await batches.forget_old(connection)
            known = await batches.find(connection, job.id)
        if known is not None and known.report is not None:
            return TextBatchReport.model_validate(known.report)
        if job.payload.llm:
            llm.demanded(self._analyst)
        given = job.payload.file
        head = await self._blobs.part(given.blob, 0, HEAD_BYTES)
        file, start, line = lines.opened(job.payload.format, head)
        async with self._database.transaction() as connection:
            await batches.create(connection, job.id, job.payload.owner, given.blob, given.size, file)
            last = await batches.last_part(connection, job.id)
        place = _Place(1, start, line) if last is None else _Place(last.n + 1, last.stop, last.line + last.lines)
        part_bytes = self._llm_part_bytes if job.payload.llm else self._part_bytes
        await self._work_off(job, Cutter(self._blobs, given.blob, given.size, file, part_bytes), place)
        return await self._report(job)

    async def _work_off(self, job: Job[TextBatch], cutter: Cutter, place: _Place) -> None:
        """Until all of the file is cut, and every chunk done."""
        pace = _Pace(cutter.size)
        pause, before = SHORTEST_PAUSE, -1
        while True:
            async with self._database.transaction() as connection:
                open_ = await batches.open_chunks(connection, job.id)
                done = await batches.totals(connection, job.id)
            await pace.tell(job, done)
            waiting = await self._give_up(job.id, open_)
            again = [chunk.n for chunk in waiting if chunk.silent > self._silence]
            new = await self._cut(job.id, cutter, place, self._chunks - len(waiting))
            await self._send_out(job, again + new)
            if not waiting and not new and place.start >= cutter.size:
                return
            pause = SHORTEST_PAUSE if done.bytes != before else min(LONGEST_PAUSE, pause * 1.3)
            before = done.bytes
            await asyncio.sleep(pause)

    async def _cut(self, batch_id: str, cutter: Cutter, place: _Place, room: int) -> list[int]:
        """Cut as many chunks as there is room for; the numbers of those that are to be worked off."""
        parts: dict[int, Part] = {}
        bad: list[Bad] = []
        while len(parts) < room:
            part = await cutter.cut(place.start, place.line)
            if part is None:
                break
            parts[place.n] = part
            if part.too_long:
                bad.append(lines.too_long(part.line))
            place.step(part)
        if parts:
            async with self._database.transaction() as connection:
                await batches.add_chunks(connection, batch_id, parts, bad)
        return [n for n, part in parts.items() if not part.too_long]

    async def _send_out(self, job: Job[TextBatch], numbers: list[int]) -> None:
        if not numbers:
            return
        kind = LlmTextChunk if job.payload.llm else TextChunk
        messages = [JobMessage.of(f"{job.id}-{n}", kind(batch_id=job.id, n=n)) for n in numbers]
        await asyncio.gather(*(self._send(message) for message in messages))
        async with self._database.transaction() as connection:
            await batches.touch(connection, job.id, numbers)

    async def _give_up(self, batch_id: str, open_: list[Open]) -> list[Open]:
        """Those that are left without the hopeless ones."""
        hopeless = [chunk for chunk in open_ if chunk.tries >= TRIES and chunk.silent > self._silence]
        for chunk in hopeless:
            log.error("chunk_given_up", batch_id=batch_id, n=chunk.n)
            message = f"Lines {chunk.line} to {chunk.line + chunk.lines - 1} could not be worked off, again and again."
            async with self._database.transaction() as connection:
                bad = [Bad(chunk.line, "text.not_analyzed", message)]
                await batches.finish(connection, batch_id, chunk.n, bad, failed=chunk.lines)
        return [chunk for chunk in open_ if chunk not in hopeless]

    async def _report(self, job: Job[TextBatch]) -> TextBatchReport:
        async with self._database.transaction() as connection:
            done = await batches.totals(connection, job.id)
            listed = await batches.errors(connection, job.id, LISTED)
            usage = await batches.usage(connection, job.id)
            batch = await batches.find(connection, job.id)
        seconds = max(0.001, float(batch.age)) if batch is not None else 0.001
        if listed:
            data = "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in listed).encode()
            await job.store("errors.ndjson", data, "application/x-ndjson")
        report = TextBatchReport(
            texts=done.texts,
            stored=done.stored,
            unchanged=done.unchanged,
            duplicates=done.duplicates,
            failed=done.failed,
            listed=len(listed),
            llm_failed=done.llm_failed,
            seconds=round(seconds, 3),
            texts_per_second=round(done.texts / seconds, 1),
            usage=usage,
        )
        async with self._database.transaction() as connection:
            await batches.end(connection, job.id, report.model_dump(mode="json"))
        return report


class _Pace:
    """How fast this run goes, and what it says about that."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._first: tuple[float, Totals] | None = None
        self._told_at = 0.0
        self._told = -1

    async def tell(self, job: Job[TextBatch], done: Totals) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now, done
        if done.bytes == self._told or now - self._told_at < TELL_SECONDS:
            return
        self._told_at, self._told = now, done.bytes
        began, first = self._first
        message = f"{done.texts:,} texts"
        rate = left = None
        if done.bytes > first.bytes:
            rate = (done.texts - first.texts) / (now - began)
            left = (self._size - done.bytes) * (now - began) / (done.bytes - first.bytes)
            message += f", {rate:,.{0 if rate >= SLOW else 1}f} a second, {_duration(left)} left"
        if done.failed:
            message += f", {done.failed:,} lines failed"
        if done.llm_failed:
            message += f", {done.llm_failed:,} without the language model"
        percent = round(99 * done.bytes / max(1, self._size), 1)
        await job.progress(message, stage="working", percent=percent)
        await job.live(
            TextBatchPace(
                texts=done.texts, failed=done.failed, percent=percent, texts_per_second=rate, seconds_left=left
            )
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
