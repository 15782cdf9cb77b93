"""Chat, topics, content and recommendations, with a worker of the service beside the test that does what follows."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import pytest_asyncio
import sqlalchemy as sa
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from pydantic import SecretStr

from digest.chat.jobs import ChatJobs
from digest.content.jobs import ContentJobs
from digest.content.library import Library
from digest.content.shelf import Shelf, today
from digest.models import channels, posts
from digest.models_chat import content, messages, topics
from digest.settings import DigestSettings
from digest.store import topics as topic_store
from warren import database, events, jobs, topology
from warren.broker import Broker
from warren.contracts.base import JobPayload, Message, Query
from warren.contracts.chat import (
    Chat,
    ChatReply,
    Cleanup,
    ContentKind,
    ContentList,
    ContentQuery,
    DailyContent,
    FindTopics,
    FollowUp,
    FollowUpQuery,
    MarkedRead,
    MarkRead,
    PopularTopics,
    PopularTopicsQuery,
    Recommendations,
    RecommendationsQuery,
    RefreshTopics,
    Reply,
    ReplyPart,
    TodayQuery,
    TodaysContent,
    TopicContent,
    UserTopic,
    UserTopicQuery,
)
from warren.contracts.events import EventType, JobEvent
from warren.database import Database
from warren.embedded import free_port
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.llm import LlmClient
from warren.queries import QueryClient
from warren.testing.jobs import InMemoryJob
from warren.testing.processes import Programs
from warren.testing.scripted_llm import ScriptedLlm, Step

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECONDS = 30.0
USER = "anna"
ARTICLES = (
    '{"articles": [{"title": "Cats at home", "text": "A\\u0000 cat that is bored finds its own work, and curtains are '
    'the first of it. See https://made.up/cats"}], "videos": [{"title": "Play", "description": "How to play.", '
    '"search": "play with a cat"}]}'
)

M = TypeVar("M", bound=Message)


@dataclass
class Town:
    """The service's worker, its database, and what it tells."""

    store: Database
    broker: Broker
    queries: QueryClient
    told: dict[str, list[JobEvent]] = field(default_factory=lambda: defaultdict(list))
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def listen(self, channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(exclusive=True, auto_delete=True)
        await queue.bind(topology.EVENTS, "#")
        await queue.consume(self._receive, no_ack=True)
        self.listening.set()

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        async with self.news:
            for event in events.decode(message.body):
                self.told[event.job_id].append(event)
            self.news.notify_all()

    async def end(self, job_id: str) -> dict[str, Any]:
        """Wait until a job has ended; its result."""
        async with asyncio.timeout(SECONDS), self.news:
            await self.news.wait_for(lambda: any(event.type.terminal for event in self.told[job_id]))
        (last,) = [event for event in self.told[job_id] if event.type.terminal]
        assert last.type is EventType.completed, last
        return dict(last.data["result"])

    async def send(self, payload: JobPayload) -> str:
        job_id = new_id("job")
        await jobs.publish(self.broker, JobMessage.of(job_id, payload))
        return job_id

    async def do(self, payload: JobPayload) -> dict[str, Any]:
        return await self.end(await self.send(payload))

    async def ask(self, query: Query, answer: type[M]) -> M:
        return await self.queries.ask(query, answer, timeout=10.0)

    async def client(self, endpoint: str, **settings: Any) -> LlmClient:
        """A model at this endpoint, which is not tried again for long."""
        made = DigestSettings.model_validate(
            {
                "llm_api_key": SecretStr("k"),
                "llm_base_url": endpoint,
                "llm_model": "m",
                "llm_max_retries": 0,
                **settings,
            }
        )
        return await self.stack.enter_async_context(LlmClient(made, backoff=0.01))

    def chats(self, llm: LlmClient | None = None) -> ChatJobs:
        return ChatJobs(self.store, partial(jobs.publish, self.broker), SHELF, llm)

    def contents(self, llm: LlmClient | None = None, **settings: Any) -> ContentJobs:
        return ContentJobs(
            self.store, partial(jobs.publish, self.broker), SHELF, llm, DigestSettings.model_validate(settings)
        )


SHELF = Shelf(Library.load())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    shared_vhost: str, digest_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("digest")
    environment = {"WARREN_BROKER_URL": shared_vhost, "WARREN_DATABASE_URL": digest_database,
                   "WARREN_BLOBS_URL": Path(folder, "blobs").as_uri()}  # fmt: skip
    programs = Programs(environment, folder)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(programs.end)
        await programs.service("digest", "worker")
        store = await stack.enter_async_context(database.connect(digest_database, "test"))
        broker = await stack.enter_async_context(Broker(shared_vhost, "test"))
        made = Town(store, broker, QueryClient(broker), stack=stack)
        made.queries.start()
        broker.consume(made.listen)
        async with asyncio.timeout(SECONDS):
            await made.listening.wait()
            await broker.ready()
        yield made


@pytest.fixture
def owner() -> str:
    """Nobody else's."""
    return f"key_{uuid4().hex}"


def slot() -> str:
    """One that no other test has."""
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=uuid4().int % 10**8)).isoformat()


async def say(town: Town, owner: str, message: str, user_id: str = USER) -> ChatReply:
    """Say something, and wait until all that follows is done."""
    reply = ChatReply.model_validate(await town.do(Chat(owner=owner, user_id=user_id, message=message)))
    for job_id in reply.follow_ups:
        await town.end(job_id)
    return reply


# A message ------------------------------------------------------------------------------------------------------------


async def test_a_message_is_answered_first_and_then_understood(town: Town, owner: str) -> None:
    chat = Chat(owner=owner, user_id=USER, message="I want to start jogging")
    job_id = await town.send(chat)
    reply = ChatReply.model_validate(await town.end(job_id))
    topics_job, recommend_job = reply.follow_ups
    assert (await town.end(topics_job))["topics"] == ["jogging"]
    await town.end(recommend_job)

    told = [event.type.value for event in town.told[job_id]]
    assert told == ["started", "output", "completed"]
    assert town.told[job_id][1].data == {"type": "reply", "text": reply.reply, "engine": "local"}
    assert town.told[topics_job][0].at >= town.told[job_id][1].at
    assert town.told[recommend_job][0].at >= town.told[topics_job][0].at
    assert (reply.topic, reply.warnings) == (None, ())
    assert "running" in reply.reply

    topic = await town.ask(UserTopicQuery(owner=owner, user_id=USER), UserTopic)
    assert (topic.topic, topic.message_id, topic.engine) == ("jogging", job_id, "local")
    assert topic.expires_at is not None
    assert topic.since is not None
    assert topic.expires_at - topic.since == timedelta(hours=1)
    for follow_up, kind in ((topics_job, "digest.topics"), (recommend_job, "digest.recommend")):
        found = await town.ask(FollowUpQuery(owner=owner, job_id=follow_up), FollowUp)
        assert found == FollowUp(status="completed", kind=kind, message_id=job_id, topic="jogging")
    assert (await town.ask(FollowUpQuery(owner="other", job_id=topics_job), FollowUp)).status == "unknown"


async def test_recommendations_name_the_message_and_leave_out_what_was_read(town: Town, owner: str) -> None:
    await say(town, owner, "How do telescopes work?")
    asked = RecommendationsQuery(owner=owner, user_id=USER)
    found = await town.ask(asked, Recommendations)
    assert {one.quoted for one in found.items} == {"How do telescopes work?"}
    assert all("How do telescopes work?" in one.reason and one.message_id for one in found.items)
    assert {one.item.kind for one in found.items} == set(ContentKind)
    assert found.expires_at - found.made_at == timedelta(minutes=30)

    gone = [one.item.id for one in found.items[:2]]
    marked = await town.ask(MarkRead(owner=owner, user_id=USER, item_ids=(*gone, "cnt_nowhere")), MarkedRead)
    assert (marked.read, marked.unknown) == (2, ("cnt_nowhere",))
    assert (await town.ask(MarkRead(owner=owner, user_id=USER, item_ids=tuple(gone)), MarkedRead)).read == 2
    left = await town.ask(asked, Recommendations)
    assert [one.item.id for one in left.items] == [one.item.id for one in found.items[2:]]
    await say(town, owner, "Telescopes again")
    assert not set(gone) & {one.item.id for one in (await town.ask(asked, Recommendations)).items}


async def test_when_all_on_a_topic_is_read_that_is_said_and_nothing_repeated(town: Town, owner: str) -> None:
    await say(town, owner, "How do telescopes work?")
    asked = RecommendationsQuery(owner=owner, user_id=USER)
    first = await town.ask(asked, Recommendations)
    ids = tuple(one.item.id for one in first.items)
    await town.ask(MarkRead(owner=owner, user_id=USER, item_ids=ids), MarkedRead)
    second = await town.ask(asked, Recommendations)
    assert not set(ids) & {one.item.id for one in second.items}
    assert all("nothing on telescopes" in one.reason for one in second.items)


async def test_newcomers_get_the_days_pick_without_an_invented_reason(town: Town, owner: str) -> None:
    found = await town.ask(RecommendationsQuery(owner=owner, user_id="new"), Recommendations)
    assert found.items
    assert {one.message_id for one in found.items} == {None}


async def test_a_persons_topic_is_that_of_the_last_message_that_has_one(town: Town, owner: str) -> None:
    await say(town, owner, "Tell me about gardening")
    second = await say(town, owner, "ok, thanks!")
    assert (second.topic, second.reply) == ("gardening", "You are welcome.")
    await say(town, owner, "And what about jazz?")
    assert (await town.ask(UserTopicQuery(owner=owner, user_id=USER), UserTopic)).topic == "jazz"


async def test_a_model_streams_its_reply_and_knows_the_conversation(town: Town, owner: str) -> None:
    await say(town, owner, "Tell me about gardening")
    with ScriptedLlm([Step(reply="Start with mint and patience.", pause=0.06, cost=0.5)]) as llm:
        job = InMemoryJob(Chat(owner=owner, user_id=USER, message="What first?"), id=new_id("job"))
        reply = await town.chats(await town.client(llm.base_url)).chat(job)
    assert (reply.reply, reply.engine, reply.usage.cost) == ("Start with mint and patience.", "llm:m", 0.5)
    assert job.outputs == [Reply(text=reply.reply, engine="llm:m")]
    heard = [part for part in job.news if isinstance(part, ReplyPart)]
    assert len(heard) > 1
    assert reply.reply.startswith("".join(part.text for part in heard))
    assert [part.offset for part in heard] == [sum(len(p.text) for p in heard[:n]) for n in range(len(heard))]
    assert "Tell me about gardening" in llm.requests[0].text
    assert "has been about: gardening" in llm.requests[0].text


@pytest.mark.parametrize(("step", "reason"), [(Step(status=503), "503"), (Step(reply=" "), "empty")])
async def test_without_the_model_the_local_engine_answers_and_says_so(
    town: Town, owner: str, step: Step, reason: str
) -> None:
    with ScriptedLlm([step]) as llm:
        job = InMemoryJob(Chat(owner=owner, user_id=USER, message="Посоветуй роман"), id=new_id("job"))
        reply = await town.chats(await town.client(llm.base_url)).chat(job)
    assert reply.engine == "local"
    assert "«роман»" in reply.reply
    assert "Читать больше" in reply.reply
    assert reason in reply.warnings[0]


async def test_a_message_that_is_delivered_again_is_answered_and_counted_once(town: Town, owner: str) -> None:
    with ScriptedLlm([Step(reply="Once."), Step(reply='["cats"]')]) as llm:
        chats = town.chats(await town.client(llm.base_url))
        job = InMemoryJob(Chat(owner=owner, user_id=USER, message="About cats"), id=new_id("job"))
        first, again = await chats.chat(job), await chats.chat(job)
    assert first == again
    assert len(llm.requests) == 1
    await town.end(first.follow_ups[1])
    follow = FindTopics(owner=owner, message_id=job.id, recommend_id=first.follow_ups[1])
    assert (await town.do(follow))["topics"] == ["cats"]
    await town.do(RefreshTopics(slot=slot()))
    found = await town.ask(PopularTopicsQuery(owner=owner), PopularTopics)
    assert [(one.topic, one.messages) for one in found.topics] == [("cats", 1)]


@pytest.mark.parametrize(
    ("answer", "engine", "found"),
    [
        ('```json\n["Ancient\\u0000 Rome", "law"]\n```', "llm:m", ("Ancient Rome", "law")),
        ("I think: law", "local", ("roman law",)),
    ],
)
async def test_a_model_names_topics_unless_it_talks(
    town: Town, owner: str, answer: str, engine: str, found: tuple[str, ...]
) -> None:
    job = InMemoryJob(Chat(owner=owner, user_id=USER, message="Thanks", engine="local"), id=new_id("job"))
    with ScriptedLlm([Step(reply=answer)]) as llm:
        chats = town.chats(await town.client(llm.base_url))
        reply = await chats.chat(job)
        await town.end(reply.follow_ups[1])
        async with town.store.transaction() as connection:
            again = messages.update().where(messages.c.id == job.id).values(topics=None, text="I read about roman law")
            await connection.execute(again)
        follow = InMemoryJob(FindTopics(owner=owner, message_id=job.id, recommend_id=reply.follow_ups[1]))
        made = await chats.find_topics(follow)
    assert (made.engine, made.topics) == (engine, found)


# Topics ---------------------------------------------------------------------------------------------------------------


async def test_what_many_say_at_once_is_one_popular_topic(town: Town, owner: str) -> None:
    said = ["machine learning", "Learning machines!", "About machine learning", "jazz"]
    sent = [await town.send(Chat(owner=owner, user_id=f"u{n}", message=text)) for n, text in enumerate(said)]
    for job_id in sent:
        for follow_up in (await town.end(job_id))["follow_ups"]:
            await town.end(follow_up)
    assert (await town.ask(PopularTopicsQuery(owner=owner), PopularTopics)).topics == ()
    await town.do(RefreshTopics(slot=slot()))
    found = await town.ask(PopularTopicsQuery(owner=owner), PopularTopics)
    assert [one.messages for one in found.topics] == [3, 1]
    assert found.topics[0].popularity == pytest.approx(3, abs=0.01)
    assert found.refreshed_at is not None
    assert (await town.ask(PopularTopicsQuery(owner="nobody"), PopularTopics)).topics == ()


async def test_popularity_halves_in_a_day_and_topics_are_forgotten_and_merged(town: Town, owner: str) -> None:
    now = datetime.now(UTC)
    async with town.store.transaction() as connection:
        for key, popularity, days in (("old", 8.0, 1), ("gone", 1.0, 7), ("colour photographi", 2.0, 0),
                                      ("color photographi", 1.0, 0)):  # fmt: skip
            row = {"owner": owner, "key": key, "name": key, "popularity": popularity, "messages": 1}
            await connection.execute(topics.insert().values(last_at=now - timedelta(days=days), **row))
        report = await topic_store.refresh(connection)
        found = await topic_store.popular(connection, owner, 10)
    assert report.merged == 1
    assert report.forgotten >= 1
    assert [one.topic for one in found.topics] == ["old", "colour photographi"]
    assert [one.popularity for one in found.topics] == pytest.approx([4.0, 3.0], abs=0.01)
    async with town.store.transaction() as connection:
        assert await topic_store.count(connection, owner, "color photographi", "color", now) == "colour photographi"


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
