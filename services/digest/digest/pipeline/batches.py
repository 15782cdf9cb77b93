"""The two steps of a batch. Either may run twice, or after its batch was given up: then it changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog

from digest.engines.asking import Asked, Engines, Step
from digest.engines.base import Answer, Brief, Text
from digest.models import batches, bots, builds, prompts
from digest.store import builds as build_store
from digest.store import fates
from warren.contracts.base import Empty
from warren.contracts.digest import CategorizeBatch, SummarizeBatch
from warren.contracts.digest_records import Category
from warren.contracts.usage import Usage
from warren.database import Database
from warren.errors import ServerUnavailable, TransientError
from warren.worker.job import Job

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Batch:
    """What a step needs to know."""

    build_id: str
    n: int
    prompt_version: int
    wanted: str
    brief: Brief
    texts: list[Text]


class BatchSteps:
    """Handlers of `digest.categorize` and `digest.summarize`."""

    def __init__(self, database: Database, engines: Engines) -> None:
        self._database = database
        self._engines = engines

    async def categorize(self, job: Job[CategorizeBatch]) -> Empty:
        await self.step("categorize", job.payload.build_id, job.payload.n)
        return Empty()

    async def summarize(self, job: Job[SummarizeBatch]) -> Empty:
        await self.step("summarize", job.payload.build_id, job.payload.n)
        return Empty()

    async def step(self, step: Step, build_id: str, n: int) -> None:
        """Do one step. Raises `TransientError`, after which it is tried again."""
        try:
            batch = await self._begin(step, build_id, n)
            if batch is None:
                log.info("batch_not_wanted", build_id=build_id, batch=n)
                return
            keep = partial(self._keep, batch)
            asked = await self._engines.ask(step, batch.wanted, batch.brief, batch.texts, keep)
            await self._end(step, batch, asked)
        except (TransientError, ServerUnavailable):
            raise
        except Exception:  # its posts go into other batches, and fail if it happens again and again
            log.exception("batch_broke_off", build_id=build_id, batch=n)
            async with self._database.transaction() as connection:
                await build_store.abandon(connection, build_id, [n])

    async def _begin(self, step: Step, build_id: str, n: int) -> Batch | None:
        """None if nobody waits for it any more, or its build is at rest."""
        doing, state = ("categorizing", "queued") if step == "categorize" else ("summarizing", "categorized")
        async with self._database.transaction() as connection:
            row = (await connection.execute(_batch(build_id, n))).one_or_none()
            if row is None:
                return None
            begun = {
                "state": doing,
                "touched_at": sa.func.now(),
                "started_at": sa.func.coalesce(batches.c.started_at, sa.func.now()),
            }
            await connection.execute(_this(build_id, n).values(begun))
            texts = await fates.of_batch(connection, build_id, n, state)
        categories = tuple(Category.model_validate(category) for category in row.categories)
        prompts_ = (row.categorization_prompt, row.summarization_prompt)
        brief = Brief(categories, row.language, *prompts_, row.bot_id, row.webhook_secret)
        return Batch(build_id, n, row.prompt_version, row.wanted, brief, texts)

    async def _keep(self, batch: Batch, answers: Mapping[str, Answer]) -> None:
        async with self._database.transaction() as connection:
            await fates.keep_answers(connection, batch.build_id, batch.n, batch.prompt_version, answers)

    async def _end(self, step: Step, batch: Batch, asked: Asked) -> None:
        async with self._database.transaction() as connection:
            this = sa.select(batches.c.usage).where(batches.c.build_id == batch.build_id, batches.c.n == batch.n)
            before = (await connection.execute(this.with_for_update())).scalar_one_or_none()
            if before is None:  # its bot was deleted
                return
            warnings = sorted({*before.get("warnings", []), *asked.warnings})
            usage = Usage.model_validate(before) + asked.usage
            values: dict[str, Any] = {
                "invalid": batches.c.invalid + asked.invalid,
                "usage": {**usage.model_dump(), "warnings": warnings},
                "touched_at": sa.func.now(),
            }
            if step == "summarize":
                values |= {"state": "done", "ended_at": sa.func.now()}
            else:
                values |= {"state": "categorized"}
            await connection.execute(_this(batch.build_id, batch.n).values(values))


def _this(build_id: str, n: int) -> sa.Update:
    open_ = batches.c.state.not_in(build_store.DONE)
    return sa.update(batches).where(batches.c.build_id == build_id, batches.c.n == n, open_)


def _batch(build_id: str, n: int) -> sa.Select[Any]:
    """The batch with its build, if both are to go on."""
    return (
        sa.select(
            builds.c.bot_id,
            builds.c.prompt_version,
            builds.c.engine.label("wanted"),
            bots.c.language,
            bots.c.webhook_secret,
            prompts.c.categories,
            prompts.c.categorization_prompt,
            prompts.c.summarization_prompt,
        )
        .join(batches, batches.c.build_id == builds.c.id)
        .join(bots, bots.c.id == builds.c.bot_id)
        .join(prompts, (prompts.c.bot_id == builds.c.bot_id) & (prompts.c.version == builds.c.prompt_version))
        .where(
            builds.c.id == build_id,
            batches.c.n == n,
            batches.c.state.not_in(build_store.DONE),
            builds.c.ended_at.is_(None),
            ~builds.c.resting,
            ~builds.c.stopping,
        )
    )
