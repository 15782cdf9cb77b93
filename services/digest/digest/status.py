"""What bots have to do and do, and what earlier clients' own workers found."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.models import bots, builds, fates, posts
from digest.store import bots as bot_store
from digest.store import builds as build_store
from digest.store.posts import unprocessed
from warren.contracts.digest_queries import RecordResults, StatusQuery
from warren.contracts.digest_records import BotStatus, DigestStatus, PostResult, RecordedResults

MOST_BOTS = 100


def status(engine: str) -> Callable[[AsyncConnection, StatusQuery], Awaitable[DigestStatus]]:
    """The handler of `digest.status`; `engine` is the one that `auto` means."""

    async def answer(connection: AsyncConnection, query: StatusQuery) -> DigestStatus:
        wanted = sa.select(bots).where(bots.c.owner == query.owner)
        if query.bot_id is not None:
            await bot_store.find(connection, query.owner, query.bot_id)
            wanted = wanted.where(bots.c.id == query.bot_id)
        rows = (await connection.execute(wanted.order_by(bots.c.id.desc()).limit(MOST_BOTS))).all()
        found = []
        for row in rows:
            latest = sa.select(builds).where(builds.c.bot_id == row.id)
            order = (builds.c.ended_at.is_(None).desc(), builds.c.started_at.desc())
            build = (await connection.execute(latest.order_by(*order).limit(1))).one_or_none()
            open_ = sa.select(sa.func.count()).where(posts.c.channel_id.in_(row.channels), unprocessed(row.id))
            found.append(
                BotStatus(
                    bot_id=row.id,
                    name=row.name,
                    active=row.active,
                    unprocessed=(await connection.execute(open_)).scalar_one(),
                    build=await build_store.whole(connection, build) if build is not None else None,
                )
            )
        return DigestStatus(engine=engine, bots=tuple(found))

    return answer


async def record_results(connection: AsyncConnection, query: RecordResults) -> RecordedResults:
    """What is written so counts as an answer of the bot's engine: posts with a summary go into its next digest.

    Raises `bot.not_found`.
    """
    bot = await bot_store.find(connection, query.owner, query.bot_id)
    ids = [result.post_id for result in query.results]
    own = sa.select(posts.c.id).where(
        posts.c.id.in_(ids), posts.c.owner == query.owner, posts.c.channel_id.in_(bot.channels)
    )
    known = set((await connection.execute(own)).scalars())
    for result in query.results:
        if result.post_id in known:
            await _record(connection, bot.id, bot.prompt_version, query.service, result)
    unknown = tuple(post_id for post_id in ids if post_id not in known)
    return RecordedResults(updated=len(ids) - len(unknown), unknown=unknown)


async def _record(connection: AsyncConnection, bot_id: str, version: int, service: str, result: PostResult) -> None:
    values: dict[str, object] = {"engine": service[:100], "prompt_version": version, "updated_at": sa.func.now()}
    if result.category:
        values |= {"category": result.category, "state": "categorized"}
    if result.summary:
        values |= {"summary": result.summary, "state": "summarized"}
    if result.error:
        values |= {"reason": result.error, "state": "failed"}
    if "state" not in values:
        return
    made = insert(fates).values(bot_id=bot_id, post_id=result.post_id, **values)
    # What is in a digest stays in it.
    kept = made.on_conflict_do_update(
        index_elements=[fates.c.bot_id, fates.c.post_id], set_=values, where=fates.c.state != "digested"
    )
    await connection.execute(kept)
