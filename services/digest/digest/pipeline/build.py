"""`digest.build`: cuts posts into batches, waits for them, and makes the digest. All it knows stands in the tables, so
that another run goes on where this one broke off."""

import asyncio
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from celery.canvas import chain, group

from digest.engines import crunched, suspicion
from digest.engines.asking import Engines
from digest.errors import Refused
from digest.models import builds
from digest.pipeline import finish
from digest.pipeline.batches import BatchSteps
from digest.pipeline.sizes import Finished, next_size
from digest.settings import DigestSettings
from digest.store import bots, fates
from digest.store import builds as build_store
from digest.store.builds import DONE, UNSORTED, OpenBatch
from warren import jobs
from warren.contracts.digest import BuildDigest, BuildReport, CategorizeBatch, SummarizeBatch
from warren.contracts.digest_records import Bot
from warren.database import Database
from warren.errors import JobError, ServerUnavailable, TransientError
from warren.jobs import JobMessage
from warren.worker.cruncher import Cruncher
from warren.worker.job import Job

log = structlog.get_logger(__name__)

SHORTEST_PAUSE = 0.05
LONGEST_PAUSE = 0.2
"""Seconds between two looks at the batches: short while they end, longer while they do not."""
SEEN_EVERY = 5.0


@dataclass
class Look:
    """What the batches are like now. `done` of `posts` are through."""

    batches: list[OpenBatch]
    posts: int
    done: int
    stopping: bool

    @property
    def open(self) -> list[OpenBatch]:
        return [batch for batch in self.batches if batch.state not in DONE]


class Builder:
    """Handler of `digest.build`."""

    def __init__(
        self,
        settings: DigestSettings,
        database: Database,
        send: jobs.Send,
        cruncher: Cruncher,
        engines: Engines,
    ) -> None:
        self._settings = settings
        self._database = database
        self._send = send
        self._cruncher = cruncher
        self._steps = BatchSteps(database, engines)
        self._engines = engines

    async def build(self, job: Job[BuildDigest]) -> BuildReport:
        """Raises `bot.not_found`, also if it is deleted meanwhile, `digest.already_running`, `digest.stopped`."""
        payload = job.payload
        self._engines.chosen(payload.engine)
        async with self._database.transaction() as connection:
            bot = await bots.find(connection, payload.owner, payload.bot_id)
            row = await build_store.open_build(connection, job.id, payload, bot)
        if row.ended_at is not None:
            return finish.earlier(row)
        try:
            await job.progress("Looking for new posts…", stage="claiming")
            await self._claim(job, bot)
            await self._work_off(job)
            await job.progress("Making the digest…", stage="composing", percent=99)
            return await finish.finish(self._database, self._send, job.id, bot)
        except asyncio.CancelledError:
            async with self._database.transaction() as connection:
                await build_store.let_go(connection, job.id)
            raise
        except (TransientError, ServerUnavailable):
            raise
        except Exception as error:
            code = error.code if isinstance(error, JobError) else "job.crashed"
            status = "stopped" if code == "digest.stopped" else "failed"
            async with self._database.transaction() as connection:
                there = await build_store.end(connection, job.id, status, error=str(error)[:500])
            if not there:  # a build goes with its bot, at any moment
                raise Refused("bot.not_found", "The bot was deleted while its digest was made.") from error
            raise

    async def _claim(self, job: Job[BuildDigest], bot: Bot) -> None:
        """Take the posts, and drop those that say the same as others."""
        limit = job.payload.max_posts or self._settings.posts_per_build
        async with self._database.transaction() as connection:
            await fates.claim(connection, job.id, bot, limit)
            claimed = await fates.claimed(connection, job.id)
            earlier = await fates.remembered(connection, bot.id)
        # Those that are fixed come first: only what comes later can be dropped.
        claimed.sort(key=lambda post: not post.fixed)
        texts = [*earlier, *(post.text for post in claimed)]
        groups = await self._cruncher.run(crunched.repetitions, [text.whole for text in texts])
        fixed = {text.id for text in earlier} | {post.text.id for post in claimed if post.fixed}
        found = {
            texts[n].id: (texts[first].id, _reason(first < len(earlier)))
            for n, first in enumerate(groups)
            if first != n and texts[n].id not in fixed
        }
        alone = [post.text.id for post in claimed if suspicion.speaks_to_a_model(post.text.whole)]
        async with self._database.transaction() as connection:
            await fates.drop_repetitions(connection, job.id, found)
            await fates.set_alone(connection, job.id, alone)

    async def _work_off(self, job: Job[BuildDigest]) -> None:
        """Until no post is left that a batch could take."""
        pause, told, seen_at = SHORTEST_PAUSE, -1, -SEEN_EVERY
        clock = asyncio.get_running_loop().time
        while True:
            if clock() - seen_at >= SEEN_EVERY:
                seen_at = clock()
                await self._seen(job.id)
            look = await self._look(job.id)
            if look.stopping:
                raise JobError("digest.stopped", "The build was stopped. The next one goes on with its posts.")
            if look.done != told:
                told, pause = look.done, SHORTEST_PAUSE
                await self._tell(job, look)
            sent = await self._keep_busy(job, look)
            if not sent and not look.open:
                return
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 1.3)

    async def _seen(self, build_id: str) -> None:
        async with self._database.transaction() as connection:
            row = await build_store.seen(connection, build_id)
        if row.ended_at is not None:
            raise JobError("digest.stopped", "The build was ended; another goes on with its posts.")

    async def _look(self, build_id: str) -> Look:
        async with self._database.transaction() as connection:
            stopping = (
                await connection.execute(sa.select(builds.c.stopping).where(builds.c.id == build_id))
            ).scalar_one()
            posts, done = await build_store.counts(connection, build_id)
            return Look(await build_store.all_batches(connection, build_id), posts, done, stopping)

    async def _tell(self, job: Job[BuildDigest], look: Look) -> None:
        over = sum(batch.state == "done" for batch in look.batches)
        message = f"{look.done} of {look.posts} posts, {over} of {len(look.batches)} batches"
        percent = round(98 * look.done / look.posts, 1) if look.posts else None
        await job.progress(message, stage="working", percent=percent)

    async def _keep_busy(self, job: Job[BuildDigest], look: Look) -> bool:
        """Give up silent batches, cut new ones, send what is unsent. Whether anything is under way."""
        async with self._database.transaction() as connection:
            silent = [b.n for b in look.open if b.sent and b.silent > self._settings.batch_silence_seconds]
            if silent:
                log.warning("batches_given_up", build_id=job.id, batches=silent)
                await build_store.abandon(connection, job.id, silent)
            room = 1 if job.payload.sync else self._settings.parallel_batches
            unsorted = sum(batch.state in UNSORTED and batch.n not in silent for batch in look.open)
            size, more = self._size(look), max(0, room - unsorted)
            cut = await fates.cut(connection, job.id, len(look.batches) + 1, more, size)
            if cut:
                await build_store.add_batches(connection, job.id, cut)
        unsent = [batch.n for batch in look.open if not batch.sent and batch.n not in silent] + list(cut)
        if job.payload.sync:
            await self._do_here(job.id, unsent)
        elif unsent:
            await self._send_batches(job.id, unsent)
        return bool(unsent or silent)

    def _size(self, look: Look) -> int:
        # What the first step has shown is known a step earlier than the batch's end.
        tried = [batch for batch in look.batches if batch.state not in (*UNSORTED, "abandoned")]
        finished = [Finished(batch.size, batch.invalid) for batch in tried]
        return next_size(finished, first=self._settings.first_batch_size, largest=self._settings.largest_batch_size)

    async def _send_batches(self, build_id: str, numbers: list[int]) -> None:
        """A group of chains: batches side by side, the two steps of each in order."""
        canvas = group(
            chain(
                jobs.signature(JobMessage.of(f"{build_id}-{n}-categorize", CategorizeBatch(build_id=build_id, n=n))),
                jobs.signature(JobMessage.of(f"{build_id}-{n}-summarize", SummarizeBatch(build_id=build_id, n=n))),
            )
            for n in numbers
        )
        await asyncio.gather(*(self._send(message) for message in jobs.messages(canvas)))
        async with self._database.transaction() as connection:
            await build_store.mark_sent(connection, build_id, numbers)

    async def _do_here(self, build_id: str, numbers: list[int]) -> None:
        for n in numbers:
            await self._steps.step("categorize", build_id, n)
            await self._steps.step("summarize", build_id, n)


def _reason(earlier: bool) -> str:
    if earlier:
        return "It repeats a post of an earlier digest."
    return "It repeats another post, which stands for both."
