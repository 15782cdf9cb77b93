"""Builds and their batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.errors import Refused
from digest.models import batches, builds, fates
from digest.store.pages import page
from warren.contracts.digest import BuildDigest
from warren.contracts.digest_queries import GetBuild, ListBuilds, StopBuilds
from warren.contracts.digest_records import BatchState, Bot, Build, Builds, Stopped

DEAD_AFTER = sa.text("interval '30 seconds'")
"""A build whose job was not seen for so long is taken over by the next build of its bot. A job that RabbitMQ delivers
again goes on with its own at once."""
DONE = ("done", "abandoned")
"""States of batches that are over."""
UNSORTED = ("waiting", "categorizing")
"""States of batches whose first step is not over."""


@dataclass(frozen=True)
class OpenBatch:
    """A batch as the build sees it. `silent`: seconds since something was heard of it."""

    n: int
    size: int
    state: str
    invalid: int
    sent: bool
    silent: float


async def open_build(connection: AsyncConnection, build_id: str, payload: BuildDigest, bot: Bot) -> sa.Row[Any]:
    """The build of this job: a new one, or its own from before it was interrupted.

    Raises `digest.already_running` while another build of the bot lives; a dead one is ended.
    """
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"digest.build.{bot.id}"))))
    own = (await connection.execute(sa.select(builds).where(builds.c.id == build_id))).one_or_none()
    if own is not None and own.ended_at is not None:
        return own
    running = sa.select(builds).where(builds.c.bot_id == bot.id, builds.c.ended_at.is_(None), builds.c.id != build_id)
    alive = (builds.c.seen_at > sa.func.now() - DEAD_AFTER) & ~builds.c.resting
    if (await connection.execute(running.where(alive))).first() is not None:
        raise Refused("digest.already_running", "A build of this bot is under way; stop it or wait for its end.")
    for other in (await connection.execute(running)).all():
        await end(connection, other.id, "failed", error="Its job ended before it did; another build went on.")
    values = {
        "id": build_id,
        "owner": payload.owner,
        "bot_id": bot.id,
        "trigger": payload.trigger,
        "status": "running",
        "engine": payload.engine,
        "prompt_version": bot.prompt_version,
    }
    await connection.execute(insert(builds).values(values).on_conflict_do_nothing())
    if own is not None and own.resting:
        # It was let go: what its batches' messages found was a build at rest, and they are gone.
        open_ = [batch.n for batch in await all_batches(connection, build_id) if batch.state not in DONE]
        await abandon(connection, build_id, open_, count=False)
    return await seen(connection, build_id)


async def seen(connection: AsyncConnection, build_id: str) -> sa.Row[Any]:
    """Note that its job lives; the build as it is now."""
    noted = {"seen_at": sa.func.now(), "resting": False}
    this = sa.update(builds).where(builds.c.id == build_id).values(noted).returning(builds)
    row: sa.Row[Any] = (await connection.execute(this)).one()
    return row


async def let_go(connection: AsyncConnection, build_id: str) -> None:
    """Its job ends before the build does: batches rest until it, or another, goes on."""
    gone = sa.update(builds).where(builds.c.id == build_id, builds.c.ended_at.is_(None)).values(resting=True)
    await connection.execute(gone)


async def end(connection: AsyncConnection, build_id: str, status: str, **values: Any) -> bool:
    """End it; posts that its batches still have are free again. Whether there is such a build."""
    ended = sa.update(builds).where(builds.c.id == build_id).values(status=status, ended_at=sa.func.now(), **values)
    found = (await connection.execute(ended.returning(builds.c.id))).first()
    await connection.execute(sa.update(fates).where(fates.c.build_id == build_id).values(batch=None))
    await connection.execute(
        sa.update(batches)
        .where(batches.c.build_id == build_id, batches.c.state.not_in(DONE))
        .values(state="abandoned", ended_at=sa.func.now())
    )
    return found is not None


async def add_batches(connection: AsyncConnection, build_id: str, sizes: dict[int, int]) -> None:
    """`sizes` by number."""
    rows = [{"build_id": build_id, "n": n, "size": size, "state": "waiting"} for n, size in sizes.items()]
    await connection.execute(sa.insert(batches), rows)


async def mark_sent(connection: AsyncConnection, build_id: str, numbers: Sequence[int]) -> None:
    await connection.execute(_these(build_id, numbers).values(sent_at=sa.func.now(), touched_at=sa.func.now()))


async def abandon(connection: AsyncConnection, build_id: str, numbers: Sequence[int], *, count: bool = True) -> None:
    """Give batches up; their posts go into others, and `count` it."""
    await connection.execute(_these(build_id, numbers).values(state="abandoned", ended_at=sa.func.now()))
    freed = sa.update(fates).where(fates.c.build_id == build_id, fates.c.batch.in_(numbers))
    await connection.execute(freed.values(batch=None, tries=fates.c.tries + int(count)))


def _these(build_id: str, numbers: Sequence[int]) -> sa.Update:
    return sa.update(batches).where(batches.c.build_id == build_id, batches.c.n.in_(numbers))


async def all_batches(connection: AsyncConnection, build_id: str) -> list[OpenBatch]:
    """In the order in which they were cut."""
    silent = sa.extract("epoch", sa.func.now() - batches.c.touched_at).label("silent")
    statement = sa.select(batches, silent).where(batches.c.build_id == build_id)
    rows = (await connection.execute(statement.order_by(batches.c.n))).all()
    return [
        OpenBatch(row.n, row.size, row.state, row.invalid, row.sent_at is not None, float(row.silent)) for row in rows
    ]


async def get(connection: AsyncConnection, query: GetBuild) -> Build:
    """Raises `build.not_found`."""
    statement = sa.select(builds).where(builds.c.id == query.id, builds.c.owner == query.owner)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Refused("build.not_found", f"There is no build {query.id!r}.")
    return await whole(connection, row)


async def whole(connection: AsyncConnection, row: sa.Row[Any]) -> Build:
    """With its batches."""
    statement = sa.select(batches).where(batches.c.build_id == row.id).order_by(batches.c.n)
    states = [
        BatchState(
            n=batch.n,
            size=batch.size,
            state=batch.state,
            invalid=batch.invalid,
            engine=batch.engine,
            seconds=(batch.ended_at - batch.started_at).total_seconds()
            if batch.ended_at and batch.started_at
            else None,
        )
        for batch in (await connection.execute(statement)).all()
    ]
    posts, done = await counts(connection, row.id)
    return _build(row, posts, done).model_copy(update={"batches": tuple(states)})


async def counts(connection: AsyncConnection, build_id: str) -> tuple[int, int]:
    """Posts of a build, and those it is done with."""
    open_ = fates.c.state.in_(("queued", "categorized"))
    statement = sa.select(sa.func.count(), sa.func.count().filter(~open_)).where(fates.c.build_id == build_id)
    posts, done = (await connection.execute(statement)).one()
    return int(posts), int(done)


async def list_page(connection: AsyncConnection, query: ListBuilds) -> Builds:
    """Without their batches."""
    statement = sa.select(builds).where(builds.c.owner == query.owner)
    if query.bot_id is not None:
        statement = statement.where(builds.c.bot_id == query.bot_id)
    rows, has_more = await page(connection, statement, builds.c.id, query)
    found = [_build(row, *(await counts(connection, row.id))) for row in rows]
    return Builds(data=tuple(found), has_more=has_more)


async def stop(connection: AsyncConnection, query: StopBuilds) -> Stopped:
    """Those without a living job end at once, the others as soon as that has heard."""
    wanted = sa.select(builds).where(builds.c.owner == query.owner, builds.c.ended_at.is_(None))
    if query.bot_id is not None:
        wanted = wanted.where(builds.c.bot_id == query.bot_id)
    rows = (await connection.execute(wanted)).all()
    ids = [row.id for row in rows]
    await connection.execute(sa.update(builds).where(builds.c.id.in_(ids)).values(stopping=True))
    for row in rows:
        if row.resting:
            await end(connection, row.id, "stopped")
    return Stopped(build_ids=tuple(ids))


def _build(row: sa.Row[Any], posts: int, done: int) -> Build:
    return Build(
        id=row.id,
        bot_id=row.bot_id,
        status=row.status,
        trigger=row.trigger,
        posts=posts,
        posts_done=done,
        digest_id=row.digest_id,
        error=row.error,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
