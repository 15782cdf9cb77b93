"""Start and stop the pipelines of many bots at once."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.asking import ask
from gateway.problems import not_found
from gateway.service import Gateway
from warren.contracts.digest import BuildDigest
from warren.contracts.digest_queries import StatusQuery
from warren.contracts.digest_records import BotStatus, DigestStatus


@dataclass(frozen=True)
class Start:
    """What became of starting one bot. `job_id` is also the run's id; `row` is that of a new job."""

    bot_id: str
    job_id: str
    row: dict[str, Any] | None = None

    @property
    def status(self) -> str:
        """A bot that ran already goes on."""
        return "running" if self.row is None else "queued"


async def status(gateway: Gateway, owner: str, bot_id: str | None) -> DigestStatus:
    """Raises a 404 `Problem` for a bot that is not there."""
    found = await ask(gateway, StatusQuery(owner=owner, bot_id=bot_id), DigestStatus)
    if bot_id is not None and not found.bots:
        raise not_found("bot", bot_id)
    return found


async def bots_to_start(gateway: Gateway, owner: str, bot_id: str | None) -> list[BotStatus]:
    """The active bots; or the one that is named, active or not. Raises `Problem`s."""
    found = await status(gateway, owner, bot_id)
    return [bot for bot in found.bots if bot.active or bot_id is not None]


async def start(
    connection: AsyncConnection, gateway: Gateway, owner: str, bots: list[BotStatus], **options: Any
) -> list[Start]:
    """Add a job for each of these that does not run; `publish()` their rows after the commit."""
    return [await _start(connection, gateway, owner, bot, options) for bot in bots]


async def _start(
    connection: AsyncConnection, gateway: Gateway, owner: str, bot: BotStatus, options: dict[str, Any]
) -> Start:
    if bot.build is not None and bot.build.status == "running":
        return Start(bot.bot_id, bot.build.id)
    row = await gateway.insert(connection, BuildDigest(owner=owner, bot_id=bot.bot_id, **options), owner)
    return Start(bot.bot_id, row["id"], row)


def publish(gateway: Gateway, started: list[Start]) -> None:
    """Hand the committed jobs to the relay."""
    for one in started:
        if one.row is not None:
            gateway.publish(one.row)
