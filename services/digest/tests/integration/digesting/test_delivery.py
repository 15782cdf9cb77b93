"""Digests on their way to people: webhook, Atom, schedule."""

import asyncio
import json

import pytest
import sqlalchemy as sa

from digest.delivery import sign
from digest.models import digests
from warren.contracts.digest import BuildDigest, DeliverDigest, Tick
from warren.contracts.digest_queries import CreateChannel, GetFeed, RenderDigest
from warren.contracts.digest_records import ChannelSpec
from warren.errors import TransientError

from .desk import OWNER, Office
from .publisher import publishing, reply
from .test_builds import POSTS


async def test_a_new_digest_is_sent_signed_until_it_arrives_and_once(office: Office) -> None:
    async with publishing(reply(status="500 Oops"), reply()) as receiver:
        bot = await office.bot(POSTS[:2], webhook_url=receiver.url)
        office.broken.add("digest.deliver")
        report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id))
        assert [job.kind for job in office.sent[-1:]] == ["digest.deliver"]
        deliver = DeliverDigest(owner=OWNER, digest_id=report.digest_id)

        with pytest.raises(TransientError):
            await office.run(deliver)
        assert (await office.run(deliver)).status == 200
        await office.run(deliver)

    assert len(receiver.requests) == 2
    headers, body = receiver.requests[1]
    moment = int(headers["warren-signature"].split(",")[0].removeprefix("t="))
    assert headers["warren-signature"] == sign(bot.webhook_secret, moment, body).lower()
    assert json.loads(body)["data"]["id"] == report.digest_id


async def test_readers_get_documents_in_which_posts_can_do_nothing(office: Office) -> None:
    hostile = POSTS[0].model_copy(update={"title": "Cup <script>alert(1)</script> [x](javascript:alert(1)) & *more*"})
    bot = await office.bot([hostile, POSTS[1].model_copy(update={"url": "https://news.example/?a=1&b=2"})])
    report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id))

    page = await office.ask(RenderDigest(owner=OWNER, id=report.digest_id, format="html"))
    text = await office.ask(RenderDigest(owner=OWNER, id=report.digest_id))
    feed = GetFeed(bot_id=bot.id, token=bot.feed_token, url="https://w.example/f", digest_url="https://w.example/{id}")
    atom = await office.ask(feed)

    assert "<script" not in page.text.replace("<style", "")
    assert 'href="https://news.example/?a=1&amp;b=2"' in page.text
    assert "\\[x\\](javascript:alert(1))" in text.text
    assert f"https://w.example/{report.digest_id}" in atom.text
    assert "&lt;h2&gt;Sports&lt;/h2&gt;" in atom.text
    assert await office.refusal(feed.model_copy(update={"token": "guess"})) == "bot.not_found"


async def test_two_clocks_start_what_is_due_once(office: Office) -> None:
    bot = await office.bot(POSTS[:2], schedule="0 7 * * *")
    await office.ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="feed", url="http://127.0.0.1:1/")))
    office.broken |= {"digest.build", "digest.poll"}
    slot = "2026-11-23T07:00:00+00:00"

    reports = await asyncio.gather(*(office.run(Tick(slot=slot), f"job_{n}") for n in range(2)))
    other = await office.run(Tick(slot="2026-11-23T07:01:00+00:00"), "job_3")

    assert sorted((report.builds, report.polls) for report in reports) == [(0, 0), (1, 1)]
    assert other.builds == 0
    assert [job.payload["bot_id"] for job in office.sent if job.kind == "digest.build"] == [bot.id]


async def test_a_webhook_that_nobody_asked_for_is_asked_for_by_the_clock(office: Office) -> None:
    bot = await office.bot(POSTS[:2], webhook_url="http://127.0.0.1:1/")
    office.broken.add("digest.deliver")
    report = await office.run(BuildDigest(owner=OWNER, bot_id=bot.id))
    async with office.store.transaction() as connection:
        await connection.execute(
            sa.update(digests).values(deliver_sent_at=None, created_at=sa.func.now() - sa.text("interval '2 minutes'"))
        )
    office.sent.clear()

    await office.run(Tick(slot="2026-11-23T07:00:00+00:00"))
    await office.run(Tick(slot="2026-11-23T07:01:00+00:00"), "job_2")

    assert [job.payload["digest_id"] for job in office.sent] == [report.digest_id]
