"""Messages, their replies, topics and recommendations, with a worker of the service that does what follows."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.models_chat import messages, topics
from digest.store import topics as topic_store
from warren.contracts.chat import (
    Chat,
    ChatReply,
    ContentKind,
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
    UserTopic,
    UserTopicQuery,
)
from warren.ids import new_id
from warren.testing.jobs import InMemoryJob
from warren.testing.scripted_llm import ScriptedLlm, Step

from .town import USER, Town, say, slot

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
