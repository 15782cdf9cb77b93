"""Feeds, and what pretends to be one."""

import pytest

from warren.contracts.digest import PollFeed, PollReport
from warren.contracts.digest_queries import CreateChannel, GetChannel, ListPosts
from warren.contracts.digest_records import Channel, ChannelSpec

from .desk import OWNER, Office, OpenOffice
from .publisher import RSS, Answer, endless, huge, publishing, reply


async def channel(office: Office, url: str) -> Channel:
    made: Channel = await office.ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="feed", url=url)))
    return made


async def poll(office: Office, feed: Channel, *, force: bool = True) -> PollReport:
    report: PollReport = await office.run(PollFeed(owner=OWNER, channel_id=feed.id, force=force))
    return report


async def test_entries_become_posts_once_and_the_publisher_is_asked_politely(office: Office) -> None:
    first = reply(RSS, ETag='"1"', Last_Modified="Mon, 23 Nov 2026 07:00:00 GMT", Content_Type="application/rss+xml")
    async with publishing(first, reply(status="304 Not Modified"), reply(RSS)) as publisher:
        feed = await channel(office, publisher.url)
        reports = [await poll(office, feed) for _ in range(3)]
        waiting = await poll(office, feed, force=False)

    assert [(r.status, r.added, r.duplicates) for r in reports] == [("read", 2, 0), ("unchanged", 0, 0), ("read", 0, 2)]
    assert waiting.status == "waiting"
    asked = publisher.requests[1][0]
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('"1"', "mon, 23 nov 2026 07:00:00 gmt")
    posts = {post.title: post for post in (await office.ask(ListPosts(owner=OWNER))).data}
    assert (posts["First"].text, posts["First"].url) == ("The first story.", "https://news.example/1")
    assert posts["First"].published_at is not None
    assert posts["Second"].url == ""


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(b"<!doctype html><html><body>Hello</body></html>"), "It is a web page, not a feed."),
        (reply(b"just words"), "It is not a feed (RSS or Atom)."),
        (reply(b""), "It is not a feed (RSS or Atom)."),
        (reply(status="404 Not Found"), "It answered 404."),
        (reply(status="302 Found", Location="/feed"), "It redirects more than 5 times."),
        (
            reply(status="302 Found", Location="file:///etc/passwd"),
            "Only http:// and https:// URLs with a host can be used.",
        ),
        (huge, "It is larger than 5,000,000 bytes."),
        (endless, "It took longer than 1 s."),
    ],
)
async def test_a_feed_that_is_none_ends_with_a_clear_error_and_waits_longer(
    open_office: OpenOffice, answer: Answer, error: str
) -> None:
    async with open_office(fetch_seconds=1.0) as office, publishing(answer) as publisher:
        feed = await channel(office, publisher.url)
        report = await poll(office, feed)
        seen = await office.ask(GetChannel(owner=OWNER, id=feed.id))

    assert (report.status, report.error) == ("failed", error)
    assert (seen.error, seen.failures, seen.posts) == (error, 1, 0)
    assert (seen.next_poll_at - seen.polled_at).total_seconds() == 2 * feed.poll_seconds


async def test_a_publisher_may_say_how_long_to_wait(office: Office) -> None:
    async with publishing(reply(status="503 Busy", Retry_After="7200")) as publisher:
        feed = await channel(office, publisher.url)
        await poll(office, feed)
        seen = await office.ask(GetChannel(owner=OWNER, id=feed.id))

    assert (seen.next_poll_at - seen.polled_at).total_seconds() == 7200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"])
async def test_addresses_of_the_own_network_are_never_asked(open_office: OpenOffice, host: str) -> None:
    async with open_office(allow_private_urls=False) as office, publishing(reply(RSS)) as publisher:
        feed = await channel(office, publisher.url.replace("127.0.0.1", host))
        report = await poll(office, feed)

    assert report.status == "failed"
    assert "is not an address of the Internet" in report.error
    assert publisher.requests == []
