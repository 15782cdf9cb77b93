"""Bots and the versions of their prompts."""

import secrets
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from digest import schedule, urls
from digest.errors import Refused
from digest.models import bots, channels, prompts
from digest.store.pages import page
from warren.contracts.digest_queries import CreateBot, DeleteBot, ListBots, UpdateBot
from warren.contracts.digest_records import Bot, Bots, BotSpec, PromptVersion, PromptVersions
from warren.ids import new_id

VERSIONED = ("categorization_prompt", "summarization_prompt", "categories")
"""Fields of a bot that make a new version of its prompts."""

_SELECT = sa.select(bots, *(prompts.c[name] for name in VERSIONED)).join(
    prompts, (prompts.c.bot_id == bots.c.id) & (prompts.c.version == bots.c.prompt_version)
)


async def find(connection: AsyncConnection, owner: str, bot_id: str) -> Bot:
    """Raises `bot.not_found`."""
    row = (await connection.execute(_SELECT.where(bots.c.id == bot_id, bots.c.owner == owner))).one_or_none()
    if row is None:
        raise Refused("bot.not_found", f"There is no bot {bot_id!r}.")
    return _bot(row)


async def of_feed(connection: AsyncConnection, bot_id: str, owner: str | None, token: str | None) -> Bot:
    """For its owner, or who has its feed's token. Raises `bot.not_found`."""
    row = (await connection.execute(_SELECT.where(bots.c.id == bot_id))).one_or_none()
    known = row is not None and (
        row.owner == owner or secrets.compare_digest(row.feed_token.encode(), (token or "").encode())
    )
    if row is None or not known:
        raise Refused("bot.not_found", f"There is no bot {bot_id!r}.")
    return _bot(row)


async def list_page(connection: AsyncConnection, query: ListBots) -> Bots:
    statement = _SELECT.where(bots.c.owner == query.owner)
    if query.active is not None:
        statement = statement.where(bots.c.active == query.active)
    rows, has_more = await page(connection, statement, bots.c.id, query)
    return Bots(data=tuple(_bot(row) for row in rows), has_more=has_more)


async def create(connection: AsyncConnection, query: CreateBot) -> Bot:
    """Raises `bot.invalid` or `url.unsafe`."""
    spec, bot_id = query.spec, query.id or new_id("bot")
    await _check(connection, query.owner, spec)
    values = {
        **spec.model_dump(mode="json", exclude=set(VERSIONED)),
        "id": bot_id,
        "owner": query.owner,
        "prompt_version": 1,
        "feed_token": secrets.token_urlsafe(24),
        "webhook_secret": secrets.token_urlsafe(32),
    }
    made = await connection.execute(insert(bots).values(values).on_conflict_do_nothing().returning(bots.c.id))
    if made.scalar_one_or_none() is not None:
        await _add_version(connection, bot_id, 1, spec)
    return await find(connection, query.owner, bot_id)


async def update(connection: AsyncConnection, query: UpdateBot) -> Bot:
    """Raises `bot.not_found`, `bot.invalid` or `url.unsafe`."""
    await connection.execute(sa.select(bots.c.id).where(bots.c.id == query.id).with_for_update())
    bot = await find(connection, query.owner, query.id)
    spec = BotSpec.model_validate({**bot.model_dump(), **query.changes.model_dump(exclude_none=True)})
    await _check(connection, query.owner, spec)
    version = bot.prompt_version
    if any(getattr(spec, name) != getattr(bot, name) for name in VERSIONED):
        version += 1
        await _add_version(connection, bot.id, version, spec)
    values = spec.model_dump(mode="json", exclude=set(VERSIONED))
    changed = {**values, "prompt_version": version, "updated_at": sa.func.now()}
    await connection.execute(sa.update(bots).where(bots.c.id == bot.id).values(changed))
    return await find(connection, query.owner, query.id)


async def delete(connection: AsyncConnection, query: DeleteBot) -> None:
    """Raises `bot.not_found`."""
    await find(connection, query.owner, query.id)
    await connection.execute(sa.delete(bots).where(bots.c.id == query.id))


async def versions(connection: AsyncConnection, owner: str, bot_id: str) -> PromptVersions:
    """Newest first. Raises `bot.not_found`."""
    await find(connection, owner, bot_id)
    statement = sa.select(prompts).where(prompts.c.bot_id == bot_id).order_by(prompts.c.version.desc())
    rows = (await connection.execute(statement)).mappings()
    return PromptVersions(data=tuple(PromptVersion.model_validate(dict(row)) for row in rows))


async def at_version(connection: AsyncConnection, owner: str, bot: Bot, version: int) -> Bot:
    """The bot as its prompts were then. Raises `bot.invalid`."""
    known = (await versions(connection, owner, bot.id)).data
    found = next((prompt for prompt in known if prompt.version == version), None)
    if found is None:
        raise Refused("bot.invalid", f"The bot has no version {version} of its prompts.")
    return bot.model_copy(update={name: getattr(found, name) for name in VERSIONED})


def _bot(row: sa.Row[Any]) -> Bot:
    return Bot.model_validate(dict(row._mapping))  # noqa: SLF001  the documented way to its columns


async def _add_version(connection: AsyncConnection, bot_id: str, version: int, spec: BotSpec) -> None:
    values = spec.model_dump(mode="json", include=set(VERSIONED))
    await connection.execute(sa.insert(prompts).values(bot_id=bot_id, version=version, **values))


async def _check(connection: AsyncConnection, owner: str, spec: BotSpec) -> None:
    if spec.schedule:
        schedule.parse(spec.schedule)
    if spec.webhook_url:
        urls.check(spec.webhook_url)
    known = sa.select(channels.c.id).where(channels.c.owner == owner, channels.c.id.in_(spec.channels))
    missing = set(spec.channels) - set((await connection.execute(known)).scalars())
    if missing:
        raise Refused("bot.invalid", f"There is no channel {min(missing)!r}.")
