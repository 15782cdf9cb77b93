"""From posts to a digest with the local engine."""

import asyncio

import pytest
import sqlalchemy as sa

from digest.models import batches, builds, fates
from warren.contracts.base import Empty
from warren.contracts.digest import BuildDigest, SummarizeBatch
from warren.contracts.digest_queries import (
    AddPosts,
    DeleteBot,
    ExplainPost,
    GetBuild,
    GetDigest,
    ListDigests,
    ListPosts,
    StatusQuery,
    StopBuilds,
)
from warren.contracts.digest_records import NewPost
from warren.errors import BrokerUnavailable, JobError

from .desk import OWNER, Office, OpenOffice

POSTS = (
    NewPost(title="Cup final", text="The home team won the cup final. The coach praised the goalkeeper of the team."),
    NewPost(title="Shares rise", text="Shares rose on the stock market. Investors expect higher profits of companies."),
    NewPost(title="Tennis", text="The player won the tennis tournament in straight sets."),
    NewPost(title="Soup", text="Bake the bread, cook the sauce and serve the dish with cheese from the oven."),
    NewPost(
        title="Shares rise again", text="Shares rose on the stock market. Investors expect higher profits of companies!"
    ),
)


async def test_every_post_ends_once_in_the_digest_or_dropped_with_a_reason(office: Office) -> None:
    bot = await office.bot(POSTS)

    report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id))

    assert (report.posts, report.digested, report.dropped, report.failed) == (5, 3, 2, 0)
    assert (report.engine, sum(report.sizes)) == ("local", 4)
    digest = await office.ask(GetDigest(owner=OWNER, id=report.digest_id))
    assert [section.category for section in digest.sections] == ["Sports", "Business"]
    posts = {post.title: post.id for post in (await office.ask(ListPosts(owner=OWNER))).data}
    assert {cited for s in digest.sections for i in s.items for t in i.sentences for cited in t.post_ids} <= {
        *posts.values()
    }
    fates_ = {title: await office.ask(ExplainPost(owner=OWNER, id=id_, bot_id=bot.id)) for title, id_ in posts.items()}
    assert fates_["Soup"].reason == "No category of the bot fits."
    repeated = fates_["Shares rise"] if fates_["Shares rise"].duplicate_of else fates_["Shares rise again"]
    assert repeated.state == "dropped"
    [business] = digest.sections[1].items
    assert set(business.post_ids) == {posts["Shares rise"], posts["Shares rise again"]}


async def test_nothing_new_makes_no_digest_and_the_same_job_again_changes_nothing(office: Office) -> None:
    bot = await office.bot(POSTS[:2])
    first = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_1")

    again = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_1")
    later = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_2")

    assert again == first
    assert (later.digest_id, later.posts) == (None, 0)
    assert len((await office.ask(ListDigests(owner=OWNER))).data) == 1


async def test_a_build_that_broke_off_goes_on_where_it_was(office: Office) -> None:
    bot = await office.bot(POSTS[:3])
    office.broken.add("digest.summarize")
    build = asyncio.create_task(office.run(BuildDigest(owner=OWNER, bot_id=bot.id)))
    await office.seen(sa.select(fates).where(fates.c.state == "categorized"))
    build.cancel()
    with pytest.raises(asyncio.CancelledError):
        await build

    office.broken.clear()
    report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id))

    assert report.digested == 3
    states = [row.state for row in await office.rows(sa.select(batches.c.state).order_by(batches.c.n))]
    assert states == ["abandoned", "done"]


async def test_a_build_that_could_not_send_a_batch_sends_it_when_it_is_tried_again(office: Office) -> None:
    bot = await office.bot(POSTS[:3])
    office.refused = 1
    with pytest.raises(BrokerUnavailable):
        await office.run(BuildDigest(owner=OWNER, bot_id=bot.id))

    report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id))

    assert report.digested == 3


async def test_a_stopped_build_leaves_its_posts_to_the_next(office: Office) -> None:
    bot = await office.bot(POSTS[:3])
    office.broken.add("digest.categorize")
    build = asyncio.create_task(office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_1"))
    await office.seen(sa.select(batches).where(batches.c.sent_at.is_not(None)))
    with pytest.raises(JobError) as refused:
        await office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_2")

    stopped = await office.ask(StopBuilds(owner=OWNER))
    with pytest.raises(JobError) as ended:
        await build

    assert (refused.value.code, stopped.build_ids, ended.value.code) == (
        "digest.already_running",
        ("job_1",),
        "digest.stopped",
    )
    assert (await office.ask(StatusQuery(owner=OWNER))).bots[0].unprocessed == 3
    office.broken.clear()
    assert (await office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_3")).digested == 3


async def test_a_bot_that_is_deleted_while_its_digest_is_made_ends_the_build_clearly(office: Office) -> None:
    bot = await office.bot(POSTS[:3])
    office.broken.add("digest.summarize")
    build = asyncio.create_task(office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_1"))
    await office.seen(sa.select(batches).where(batches.c.state == "categorized"))

    await office.ask(DeleteBot(owner=OWNER, id=bot.id))
    with pytest.raises(JobError) as ended:
        await build

    assert (ended.value.code, await office.rows(sa.select(builds))) == ("bot.not_found", [])
    again = SummarizeBatch(build_id="job_1", n=1)
    assert await office.run(again, "job_2") == Empty()


async def test_a_silent_batch_is_given_up_and_its_posts_asked_again(open_office: OpenOffice) -> None:
    async with open_office(batch_silence_seconds=4.0) as office:
        bot = await office.bot(POSTS[:3])
        office.broken.add("digest.categorize")
        build = asyncio.create_task(office.run(BuildDigest(owner=OWNER, bot_id=bot.id)))
        await office.seen(sa.select(batches).where(batches.c.state == "abandoned"))
        office.broken.clear()
        report = await build

    assert report.digested == 3
    assert (report.sizes[0], set(report.sizes[1:])) == (3, {1})


async def test_a_build_whose_job_died_is_taken_over(office: Office) -> None:
    bot = await office.bot(POSTS[:2])
    office.broken.add("digest.categorize")
    build = asyncio.create_task(office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_1"))
    await office.seen(sa.select(batches).where(batches.c.sent_at.is_not(None)))
    build.cancel()
    await asyncio.gather(build, return_exceptions=True)
    office.broken.clear()

    report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_2")

    assert report.digested == 2
    assert (await office.ask(GetBuild(owner=OWNER, id="job_1"))).status == "failed"
    assert len(await office.rows(sa.select(builds))) == 2


async def test_a_digest_holds_the_best_stories_of_each_category_in_turn(office: Office) -> None:
    bot = await office.bot(POSTS[:3], max_posts_per_digest=2)

    report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id, sync=True))

    digest = await office.ask(GetDigest(owner=OWNER, id=report.digest_id))
    assert [section.category for section in digest.sections] == ["Sports", "Business"]
    dropped = [row.reason for row in await office.rows(sa.select(fates).where(fates.c.state == "dropped"))]
    assert dropped == ["It came 3 of 3 stories, and a digest of this bot holds 2."]
    assert office.sent == []


async def test_posts_that_repeat_an_earlier_digest_are_dropped(office: Office) -> None:
    bot = await office.bot(POSTS[:2])
    await office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_1")
    repeated = POSTS[0].model_copy(update={"title": "CUP FINAL"})
    await office.ask(AddPosts(owner=OWNER, channel_id=bot.channels[0], posts=(repeated,)))

    report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id), "job_2")

    assert (report.digest_id, report.dropped) == (None, 1)
