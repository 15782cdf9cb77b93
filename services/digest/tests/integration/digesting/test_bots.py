"""Bots and channels through the service's own table of queries."""

from typing import Any

import pytest

from digest import queries
from warren.contracts.base import Message, Query
from warren.contracts.digest_queries import (
    CreateBot,
    CreateChannel,
    DeleteBot,
    DeleteChannel,
    GetBot,
    GetChannel,
    ListBots,
    ListPrompts,
    UpdateBot,
    UpdateChannel,
)
from warren.contracts.digest_records import BotChanges, BotSpec, Category, ChannelChanges, ChannelSpec
from warren.database import Database
from warren.queries import QueryRefused

OWNER = "key_1"
SPEC = BotSpec(name="News", categories=(Category(name="Sports"), Category(name="Business")))


class Service:
    """Asks the handlers what the gateway would ask over RabbitMQ."""

    def __init__(self, store: Database) -> None:
        self._handlers = queries.handlers(store)

    async def ask(self, query: Query) -> Any:
        return await self._handlers[type(query)](query)

    async def refusal(self, query: Query) -> str:
        with pytest.raises(QueryRefused) as refused:
            await self.ask(query)
        return refused.value.code


@pytest.fixture
def service(store: Database) -> Service:
    return Service(store)


async def test_a_bot_comes_back_as_it_was_made_and_only_to_its_owner(service: Service) -> None:
    channel = await service.ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="pushed")))
    spec = SPEC.model_copy(update={"channels": (channel.id,), "schedule": "0 7 * * *", "language": "ru"})

    bot = await service.ask(CreateBot(owner=OWNER, spec=spec))

    assert BotSpec.model_validate(bot.model_dump()) == spec
    assert bot.prompt_version == 1
    assert await service.ask(GetBot(owner=OWNER, id=bot.id)) == bot
    assert await service.refusal(GetBot(owner="key_2", id=bot.id)) == "bot.not_found"
    assert (await service.ask(ListBots(owner="key_2"))).data == ()


async def test_the_same_bot_asked_for_again_is_made_once(service: Service) -> None:
    query = CreateBot(owner=OWNER, spec=SPEC, id="bot_1")

    assert await service.ask(query) == await service.ask(query)
    assert await service.refusal(query.model_copy(update={"owner": "key_2"})) == "bot.not_found"


async def test_only_changes_of_what_the_engine_reads_make_a_new_version(service: Service) -> None:
    bot = await service.ask(CreateBot(owner=OWNER, spec=SPEC))

    renamed = await service.ask(UpdateBot(owner=OWNER, id=bot.id, changes=BotChanges(name="Evening")))
    changed = await service.ask(UpdateBot(owner=OWNER, id=bot.id, changes=BotChanges(summarization_prompt="Short.")))
    prompts = await service.ask(ListPrompts(owner=OWNER, id=bot.id))

    assert (renamed.name, renamed.prompt_version) == ("Evening", 1)
    assert (changed.summarization_prompt, changed.prompt_version) == ("Short.", 2)
    assert [(version.version, version.summarization_prompt) for version in prompts.data] == [(2, "Short."), (1, "")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schedule": "every day"}, "bot.invalid"),
        ({"channels": ("chan_unknown",)}, "bot.invalid"),
        ({"webhook_url": "ftp://hooks.example/"}, "url.unsafe"),
        ({"webhook_url": "https://user:secret@hooks.example/"}, "url.unsafe"),
    ],
)
async def test_a_bot_that_could_not_work_is_refused(service: Service, changes: dict[str, Any], code: str) -> None:
    assert await service.refusal(CreateBot(owner=OWNER, spec=SPEC.model_copy(update=changes))) == code


async def test_lists_come_newest_first_a_page_at_a_time(service: Service) -> None:
    ids = [(await service.ask(CreateBot(owner=OWNER, spec=SPEC, id=f"bot_{n}"))).id for n in range(3)]

    first = await service.ask(ListBots(owner=OWNER, limit=2))
    rest = await service.ask(ListBots(owner=OWNER, limit=2, after=first.data[-1].id))

    assert [bot.id for bot in (*first.data, *rest.data)] == ids[::-1]
    assert (first.has_more, rest.has_more) == (True, False)


async def test_a_deleted_channel_leaves_its_bots(service: Service) -> None:
    channel = await service.ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="pushed")))
    bot = await service.ask(CreateBot(owner=OWNER, spec=SPEC.model_copy(update={"channels": (channel.id,)})))

    await service.ask(DeleteChannel(owner=OWNER, id=channel.id))

    assert (await service.ask(GetBot(owner=OWNER, id=bot.id))).channels == ()
    assert await service.refusal(GetChannel(owner=OWNER, id=channel.id)) == "channel.not_found"


async def test_a_deleted_bot_is_gone(service: Service) -> None:
    bot = await service.ask(CreateBot(owner=OWNER, spec=SPEC))

    deleted: Message = await service.ask(DeleteBot(owner=OWNER, id=bot.id))

    assert deleted.model_dump() == {"id": bot.id, "deleted": True}
    assert await service.refusal(DeleteBot(owner=OWNER, id=bot.id)) == "bot.not_found"


async def test_another_url_is_a_new_feed(service: Service) -> None:
    made = await service.ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="feed", url="https://a.example/rss")))
    change = UpdateChannel(owner=OWNER, id=made.id, changes=ChannelChanges(url="https://b.example/rss"))

    changed = await service.ask(change)
    unsafe = change.model_copy(update={"changes": ChannelChanges(url="file:///etc/passwd")})

    assert changed.url == "https://b.example/rss"
    assert changed.next_poll_at > made.next_poll_at
    assert await service.refusal(unsafe) == "url.unsafe"
