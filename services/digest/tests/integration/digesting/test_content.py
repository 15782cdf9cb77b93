"""Content of the day, and the clock that has it prepared."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from digest.content.jobs import ContentJobs
from digest.content.shelf import today
from digest.models import channels, posts
from digest.models_chat import content, messages
from warren.contracts.chat import (
    Cleanup,
    ContentKind,
    ContentList,
    ContentQuery,
    DailyContent,
    FollowUp,
    FollowUpQuery,
    Recommendations,
    RecommendationsQuery,
    RefreshTopics,
    TodayQuery,
    TodaysContent,
    TopicContent,
)
from warren.embedded import free_port
from warren.testing.jobs import InMemoryJob
from warren.testing.scripted_llm import ScriptedLlm, Step

from .town import SECONDS, USER, Town, say, slot

pytestmark = pytest.mark.asyncio(loop_scope="module")

ARTICLES = (
    '{"articles": [{"title": "Cats at home", "text": "A\\u0000 cat that is bored finds its own work, and curtains are '
    'the first of it. See https://made.up/cats"}], "videos": [{"title": "Play", "description": "How to play.", '
    '"search": "play with a cat"}]}'
)


# Content --------------------------------------------------------------------------------------------------------------


async def prepare(contents: ContentJobs, owner: str, topic: str, day: date) -> str:
    return (await contents.prepare(InMemoryJob(TopicContent(owner=owner, topic=topic, day=day)))).engine


async def articles(town: Town, owner: str, topic: str | None) -> ContentList:
    return await town.ask(ContentQuery(owner=owner, kind=ContentKind.article, topic=topic), ContentList)


async def test_a_model_writes_articles_but_neither_quotes_nor_addresses(town: Town, owner: str) -> None:
    with ScriptedLlm([Step(reply=f"```json\n{ARTICLES}\n```")]) as llm:
        contents = town.contents(await town.client(llm.base_url))
        assert await prepare(contents, owner, "cats", today()) == "llm:m"
        assert await prepare(contents, owner, "cats", today()) == "llm:m"
    assert len(llm.requests) == 1
    found = await articles(town, owner, "cats")
    assert [(item.title, item.engine) for item in found.items] == [("Cats at home", "llm:m")]
    assert "made.up" not in found.items[0].text
    videos = await town.ask(ContentQuery(owner=owner, kind=ContentKind.video, topic="cats"), ContentList)
    assert [(item.url, item.search) for item in videos.items] == [(None, "play with a cat")]
    assert (await articles(town, "somebody else", "cats")).items == ()


async def test_with_the_model_down_yesterdays_content_stands_in(town: Town, owner: str) -> None:
    with ScriptedLlm([Step(reply=ARTICLES)]) as llm:
        contents = town.contents(await town.client(llm.base_url))
        await prepare(contents, owner, "cats", today() - timedelta(days=1))
    down = town.contents(await town.client(f"http://127.0.0.1:{free_port()}/v1"))
    job = InMemoryJob(TopicContent(owner=owner, topic="cats", day=today()))
    report = await down.prepare(job)
    assert report.articles == 1
    assert "not available" in report.warnings[0]

    found = await articles(town, owner, "cats")
    assert (found.stale, [item.title for item in found.items]) == (True, ["Cats at home"])
    day = await town.ask(TodayQuery(owner=owner), TodaysContent)
    assert (day.stale, day.topics) == (True, ("cats",))
    await say(town, owner, "My cats are bored")
    assert (await town.ask(RecommendationsQuery(owner=owner, user_id=USER), Recommendations)).stale

    with ScriptedLlm([Step(reply=ARTICLES.replace("at home", "outside"))]) as llm:
        await prepare(town.contents(await town.client(llm.base_url)), owner, "cats", today())
    found = await articles(town, owner, "cats")
    assert (found.stale, [item.title for item in found.items]) == (False, ["Cats outside"])


async def test_with_neither_model_nor_yesterday_there_is_the_library(town: Town, owner: str) -> None:
    with ScriptedLlm([Step(reply="no JSON at all")]) as llm:
        contents = town.contents(await town.client(llm.base_url))
        assert await prepare(contents, owner, "running", today()) == "library"
    found = await articles(town, owner, "running")
    assert (found.stale, {item.engine for item in found.items}) == (False, {"library"})
    nothing = await articles(town, owner, "blockchain")
    assert (nothing.stale, nothing.items) == (False, ())
    pick = await articles(town, f"{owner}_new", None)
    assert pick.items


async def test_posts_of_the_owners_channels_are_content(town: Town, owner: str) -> None:
    async with town.store.transaction() as connection:
        await connection.execute(
            channels.insert().values(
                id=f"chn_{owner}", owner=owner, name="Cat news", url="", poll_seconds=900, active=True
            )
        )
        for n, (title, url) in enumerate(
            [("Cats sleep more in winter", "https://news.example/1"), ("A cat video", "https://www.youtube.com/watch?v=1"),
             ("Dogs", "https://news.example/3")]
        ):  # fmt: skip
            await connection.execute(
                posts.insert().values(id=f"pst_{owner}_{n}", owner=owner, channel_id=f"chn_{owner}", external_id=str(n),
                                      url=url, title=title, text="Text.", author="")
            )  # fmt: skip
    await prepare(town.contents(), owner, "cats", today())
    found = await articles(town, owner, "cats")
    assert [(item.title, item.url, item.source, item.engine) for item in found.items] == [
        ("Cats sleep more in winter", "https://news.example/1", "Cat news", "feed")
    ]
    videos = await town.ask(ContentQuery(owner=owner, kind=ContentKind.video, topic="cats"), ContentList)
    assert [item.url for item in videos.items] == ["https://www.youtube.com/watch?v=1"]


# The clock ------------------------------------------------------------------------------------------------------------


async def test_two_beats_have_each_slot_done_once(town: Town, owner: str) -> None:
    await say(town, owner, "Tell me about telescopes")
    hour = slot()
    sent = [await town.send(DailyContent(slot=hour)) for _ in range(2)]
    reports = [await town.end(job_id) for job_id in sent]
    assert sorted(report["topics"] > 0 for report in reports) == [False, True]
    for payload in (RefreshTopics, Cleanup):
        moment = slot()
        reports = [await town.do(payload(slot=moment)) for _ in range(2)]
        assert not any(reports[1].values())


async def test_the_day_is_prepared_every_hour_and_the_next_one_ahead(town: Town, owner: str) -> None:
    await say(town, owner, "Tell me about telescopes")
    now = datetime.now(UTC)
    last = datetime(now.year, now.month, now.day, 23, tzinfo=UTC) + timedelta(microseconds=uuid4().int % 10**6)
    await town.do(DailyContent(slot=last.isoformat()))

    async def prepared() -> set[date]:
        wanted = sa.select(content.c.day).where(content.c.owner == owner)
        async with town.store.transaction() as connection:
            return set((await connection.execute(wanted)).scalars())

    wanted = {last.date(), last.date() + timedelta(days=1)}
    async with asyncio.timeout(SECONDS), town.news:
        while not await prepared() >= wanted:
            await town.news.wait()


async def test_what_has_had_its_time_is_removed(town: Town, owner: str) -> None:
    old = today() - timedelta(days=2)
    await prepare(town.contents(), owner, "running", old)
    await prepare(town.contents(), owner, "running", today())
    reply = await say(town, owner, "How do telescopes work?")
    async with town.store.transaction() as connection:
        aged = messages.update().where(messages.c.owner == owner)
        await connection.execute(aged.values(created_at=datetime.now(UTC) - timedelta(days=8)))
    await town.do(Cleanup(slot=slot()))
    async with town.store.transaction() as connection:
        days = set((await connection.execute(sa.select(content.c.day).where(content.c.owner == owner))).scalars())
        left = (await connection.execute(sa.select(messages.c.id).where(messages.c.owner == owner))).all()
    assert days == {today()}
    assert left == []
    gone = await town.ask(FollowUpQuery(owner=owner, job_id=reply.follow_ups[0]), FollowUp)
    assert gone.status == "unknown"
