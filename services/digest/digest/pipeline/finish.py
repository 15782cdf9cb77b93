"""The end of a build: its digest, what became of each post, and its report, all in one transaction."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog

from digest.delivery import request_delivery
from digest.models import batches, builds, fates
from digest.pipeline.compose import choose, sections
from digest.store import builds as build_store
from digest.store import digests
from digest.store import fates as fate_store
from digest.store.fates import Story
from warren import jobs
from warren.contracts.digest import BuildReport
from warren.contracts.digest_records import Bot, Digest
from warren.contracts.usage import Usage
from warren.database import Database
from warren.errors import BrokerUnavailable, JobError
from warren.ids import new_id

log = structlog.get_logger(__name__)


def earlier(row: sa.Row[Any]) -> BuildReport:
    """The report of a build that ended before its job could say so. Raises as the job did."""
    if row.report is None:
        raise JobError("digest.stopped", row.error or "The build was stopped.")
    return BuildReport.model_validate(row.report)


async def finish(database: Database, send: jobs.Send, build_id: str, bot: Bot) -> BuildReport:
    """Compose, store, settle, and have the digest delivered."""
    async with database.transaction() as connection:
        stories = await fate_store.stories(connection, build_id)
        chosen = choose(stories, bot.categories, bot.max_posts_per_digest)
        sizes, usage, warnings = await _batches(connection, build_id)
        digest: Digest | None = None
        if chosen.stories:
            digest = Digest(
                id=new_id("dig"),
                bot_id=bot.id,
                build_id=build_id,
                title=title(bot, datetime.now(UTC)),
                language=bot.language,
                engine=engine_of(stories),
                prompt_version=bot.prompt_version,
                posts=len(chosen.stories),
                considered=0,
                created_at=datetime.now(UTC),
                sections=sections(chosen.stories, bot.categories),
                sizes=sizes,
                usage=usage.model_dump(),
            )
        await fate_store.settle(connection, build_id, digest.id if digest else None, chosen.dropped)
        tally = await fate_store.tally(connection, build_id)
        report = BuildReport(
            bot_id=bot.id,
            digest_id=digest.id if digest else None,
            posts=sum(tally.values()),
            digested=tally.get("digested", 0),
            dropped=tally.get("dropped", 0),
            failed=tally.get("failed", 0),
            engine=engine_of(stories),
            sizes=sizes,
            usage=usage.model_dump(),
            warnings=warnings,
        )
        if digest is not None:
            digest = digest.model_copy(update={"considered": report.posts})
            await digests.add(
                connection, await _owner(connection, build_id), digest, await _considered(connection, build_id)
            )
        kept = {"digest_id": report.digest_id, "report": report.model_dump(mode="json")}
        await build_store.end(connection, build_id, "completed", **kept)
    if digest is not None and bot.webhook_url:
        try:
            await request_delivery(database, send, digest.id)
        except BrokerUnavailable as error:  # the next tick asks again
            log.warning("delivery_not_requested", digest_id=digest.id, error=str(error))
    return report


def title(bot: Bot, moment: datetime) -> str:
    return f"{bot.name} – {moment:%Y-%m-%d}"


def engine_of(stories: list[Story]) -> str:
    """`llm`, `local`, or both."""
    return "+".join(sorted({story.engine for story in stories}, reverse=True))


async def _batches(connection: Any, build_id: str) -> tuple[tuple[int, ...], Usage, tuple[str, ...]]:
    """Sizes in the order in which they were cut, what they cost, and what a person should know."""
    statement = sa.select(batches).where(batches.c.build_id == build_id).order_by(batches.c.n)
    rows = (await connection.execute(statement)).all()
    usage = sum((Usage.model_validate(row.usage) for row in rows), Usage())
    warnings = sorted({warning for row in rows for warning in row.usage.get("warnings", [])})
    return tuple(row.size for row in rows), usage, tuple(warnings)


async def _considered(connection: Any, build_id: str) -> list[dict[str, Any]]:
    columns = (fates.c.post_id, fates.c.state, fates.c.category, fates.c.summary, fates.c.reason, fates.c.duplicate_of)
    statement = sa.select(*columns).where(fates.c.build_id == build_id).order_by(fates.c.post_id)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def _owner(connection: Any, build_id: str) -> str:
    owner: str = (await connection.execute(sa.select(builds.c.owner).where(builds.c.id == build_id))).scalar_one()
    return owner
