"""A stand-in for the digest service: it answers its queries from records in memory, and takes its jobs.

The real one behind the real gateway is in tests/e2e.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from pydantic import BaseModel

from warren import events
from warren.broker import Broker
from warren.contracts import chat, digest_queries
from warren.contracts import digest_records as records
from warren.contracts.base import Message
from warren.contracts.events import EventType, JobEvent
from warren.ids import new_id
from warren.queries import QueryHandlers, QueryRefused, QueryServer

QUEUES = ("digest", "digest-builds", "digest-chat")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
REPLY = "Tides follow the moon."

R = TypeVar("R", bound=BaseModel)

SUMMARY: dict[str, Any] = {
    "bot_id": "bot_1",
    "title": "Two stories",
    "engine": "local",
    "prompt_version": 1,
    "posts": 1,
    "considered": 2,
    "created_at": NOW,
}
STORY = records.DigestItem(
    title=HOSTILE,
    sentences=(records.Sentence(text="A thing happened.", post_ids=("post_1",)),),
    post_ids=("post_1", "post_2"),
)
SECTIONS = (records.Section(category="World", items=(STORY,)),)
QUOTE = chat.ContentItem(
    id="itm_1", kind=chat.ContentKind.quote, topic="tides", title="On tides", text="…", engine="library", day=NOW.date()
)


class Table(dict[tuple[str, str], R]):
    """Records by owner and id."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def named(self, query: digest_queries.RecordQuery) -> R:
        return self.one(query.owner, query.id)

    def one(self, owner: str, name: str) -> R:
        if (owner, name) not in self:
            raise QueryRefused(f"{self._what}.not_found", f"There is no {self._what} {name!r}.")
        return self[owner, name]

    def page(self, query: digest_queries.ListQuery) -> tuple[tuple[R, ...], bool]:
        names = sorted((name for owner, name in self if owner == query.owner), reverse=True)
        wanted = [name for name in names if query.after is None or name < query.after]
        return tuple(self[query.owner, name] for name in wanted[: query.limit]), len(wanted) > query.limit


@dataclass
class DigestService:
    """`asked` has every query; `jobs` the payloads of jobs, by id."""

    broker: Broker
    bots: Table[records.Bot] = field(default_factory=lambda: Table("bot"))
    channels: Table[records.Channel] = field(default_factory=lambda: Table("channel"))
    posts: Table[records.Post] = field(default_factory=lambda: Table("post"))
    digests: Table[records.Digest] = field(default_factory=lambda: Table("digest"))
    builds: Table[records.Build] = field(default_factory=lambda: Table("build"))
    asked: list[Message] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    follow_ups: set[str] = field(default_factory=set)
    listening: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, kind: type[R]) -> list[R]:
        """The queries of one kind, in order."""
        return [query for query in self.asked if isinstance(query, kind)]

    def add_digest(self, owner: str = "local") -> records.Digest:
        made = records.Digest(id=new_id("dig"), sections=SECTIONS, **SUMMARY)
        self.digests[owner, made.id] = made
        return made

    # Queries

    def handlers(self) -> QueryHandlers:
        q = digest_queries
        answers: dict[Any, Any] = {
            q.ListBots: lambda query: _page(records.Bots, self.bots.page(query)),
            q.GetBot: self.bots.named,
            q.CreateBot: self._create_bot,
            q.UpdateBot: self._update_bot,
            q.DeleteBot: lambda query: _delete(self.bots, query),
            q.ListPrompts: self._prompts,
            q.ListChannels: lambda query: _page(records.Channels, self.channels.page(query)),
            q.GetChannel: self.channels.named,
            q.CreateChannel: self._create_channel,
            q.UpdateChannel: lambda query: _change(self.channels, query),
            q.DeleteChannel: lambda query: _delete(self.channels, query),
            q.AddPosts: self._add_posts,
            q.ListPosts: lambda query: _page(records.Posts, self.posts.page(query)),
            q.GetPost: self.posts.named,
            q.DeletePost: lambda query: _delete(self.posts, query),
            q.ExplainPost: self._explain,
            q.ListDigests: lambda query: _page(records.Digests, self.digests.page(query)),
            q.GetDigest: self.digests.named,
            q.DeleteDigest: lambda query: _delete(self.digests, query),
            q.RenderDigest: self._render,
            q.GetFeed: self._feed,
            q.ListBuilds: lambda query: _page(records.Builds, self.builds.page(query)),
            q.GetBuild: self.builds.named,
            q.StopBuilds: self._stop,
            q.StatusQuery: self._status,
            q.RecordResults: self._record,
            chat.FollowUpQuery: self._follow_up,
            chat.UserTopicQuery: lambda query: chat.UserTopic(user_id=query.user_id, topic="tides"),
            chat.PopularTopicsQuery: lambda _: chat.PopularTopics(
                topics=(chat.PopularTopic(topic="tides", popularity=1.5, messages=2, last_at=NOW),), refreshed_at=NOW
            ),
            chat.ContentQuery: lambda query: chat.ContentList(items=(QUOTE,), topic=query.topic, day=NOW.date()),
            chat.TodayQuery: lambda _: chat.TodaysContent(day=date(2026, 1, 2), quotes=(QUOTE,), stale=True),
            chat.RecommendationsQuery: self._recommend,
            chat.MarkRead: lambda query: chat.MarkedRead(read=len(query.item_ids)),
        }
        return {kind: self._answering(handler) for kind, handler in answers.items()}

    def _answering(self, handler: Any) -> Any:
        async def answer(query: Message) -> BaseModel:
            self.asked.append(query)
            told: BaseModel = handler(query)
            return told

        return answer

    def _create_bot(self, query: digest_queries.CreateBot) -> records.Bot:
        made = records.Bot(
            **query.spec.model_dump(), id=query.id or new_id("bot"), prompt_version=1, feed_token="t0ken",
            webhook_secret="s3cret", created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        return self.bots.setdefault((query.owner, made.id), made)

    def _update_bot(self, query: digest_queries.UpdateBot) -> records.Bot:
        bot = _change(self.bots, query)
        changed = bot.model_copy(update={"prompt_version": bot.prompt_version + 1})
        self.bots[query.owner, query.id] = changed
        return changed

    def _prompts(self, query: digest_queries.ListPrompts) -> records.PromptVersions:
        bot = self.bots.named(query)
        version = records.PromptVersion(version=bot.prompt_version, categories=bot.categories, created_at=NOW)
        return records.PromptVersions(data=(version,))

    def _create_channel(self, query: digest_queries.CreateChannel) -> records.Channel:
        if query.spec.url.startswith("http://127."):
            raise QueryRefused("url.unsafe", "This address is not one of the public internet.")
        made = records.Channel(**query.spec.model_dump(), id=query.id or new_id("chn"), created_at=NOW)
        return self.channels.setdefault((query.owner, made.id), made)

    def _add_posts(self, query: digest_queries.AddPosts) -> records.AddedPosts:
        self.channels.one(query.owner, query.channel_id)
        known = {post.external_id: post.id for (owner, _), post in self.posts.items() if owner == query.owner}
        results = []
        for index, new in enumerate(query.posts):
            if not (new.text or new.title):
                results.append(_rejected(index))
            elif new.external_id in known:
                results.append(records.PostOutcome(index=index, status="duplicate", id=known[new.external_id]))
            else:
                made = records.Post(**new.model_dump(), id=new_id("post"), channel_id=query.channel_id, created_at=NOW)
                self.posts[query.owner, made.id] = made
                known |= {new.external_id: made.id} if new.external_id else {}
                results.append(records.PostOutcome(index=index, status="added", id=made.id))
        counts = {name: sum(told.status == name for told in results) for name in ("added", "duplicate", "rejected")}
        return records.AddedPosts(
            added=counts["added"], duplicates=counts["duplicate"], rejected=counts["rejected"], results=tuple(results)
        )

    def _explain(self, query: digest_queries.ExplainPost) -> records.PostFate:
        self.posts.named(query)
        self.bots.one(query.owner, query.bot_id)
        return records.PostFate(post_id=query.id, bot_id=query.bot_id, state="dropped", reason="No category fits.")

    def _render(self, query: digest_queries.RenderDigest) -> records.Rendering:
        self.digests.named(query)
        if query.format == "html":
            return records.Rendering(media_type="text/html", text="<p>&lt;script&gt;</p>")
        return records.Rendering(media_type="text/markdown", text="# Two stories\n")

    def _feed(self, query: digest_queries.GetFeed) -> records.Rendering:
        owner = next((owner for (owner, name), bot in self.bots.items() if name == query.bot_id), None)
        if owner is None or (query.owner != owner and query.token != "t0ken"):
            raise QueryRefused("bot.not_found", "There is no such bot.")
        return records.Rendering(media_type="application/atom+xml", text=f"<feed>{query.url} {query.digest_url}</feed>")

    def _stop(self, query: digest_queries.StopBuilds) -> records.Stopped:
        running = [
            build.id for (owner, _), build in self.builds.items() if owner == query.owner and build.status == "running"
        ]
        return records.Stopped(build_ids=tuple(running))

    def _status(self, query: digest_queries.StatusQuery) -> records.DigestStatus:
        bots = [
            records.BotStatus(
                bot_id=name, name=bot.name, active=bot.active, unprocessed=7, build=self._build_of(owner, name)
            )
            for (owner, name), bot in self.bots.items()
            if owner == query.owner and query.bot_id in {None, name}
        ]
        return records.DigestStatus(engine="local", bots=tuple(bots))

    def _build_of(self, owner: str, bot_id: str) -> records.Build | None:
        return next((b for (whose, _), b in self.builds.items() if (whose, b.bot_id) == (owner, bot_id)), None)

    def _record(self, query: digest_queries.RecordResults) -> records.RecordedResults:
        self.bots.one(query.owner, query.bot_id)
        unknown = [told.post_id for told in query.results if (query.owner, told.post_id) not in self.posts]
        return records.RecordedResults(updated=len(query.results) - len(unknown), unknown=tuple(unknown))

    def _follow_up(self, query: chat.FollowUpQuery) -> chat.FollowUp:
        if query.job_id not in self.follow_ups:
            return chat.FollowUp(status="unknown")
        return chat.FollowUp(status="completed", kind="digest.topics", topic="tides")

    def _recommend(self, query: chat.RecommendationsQuery) -> chat.Recommendations:
        best = chat.Recommendation(item=QUOTE, reason="You asked about tides.", message_id="job_1", score=0.5)
        return chat.Recommendations(
            user_id=query.user_id, items=(best,), made_at=NOW, expires_at=NOW + timedelta(minutes=30)
        )

    # Jobs

    async def listen(self, channel: AbstractChannel) -> None:
        for name in QUEUES:
            await (await channel.get_queue(name, ensure=False)).consume(self._work)
        self.listening.set()

    async def _work(self, message: AbstractIncomingMessage) -> None:
        job_id, kind = str(message.message_id), str((message.headers or {})["task"])
        payload = json.loads(message.body)[1]["payload"]
        self.jobs[job_id] = payload
        await message.ack()
        told = [(EventType.started, {}), *self._told(job_id, kind)]
        n = 0
        for type_, data in told:
            n += type_ is not EventType.live
            event = JobEvent(job_id=job_id, run=1, n=n, type=type_, at=datetime.now(UTC), data=data)
            if type_ is EventType.live:
                await events.publish_live(self.broker, "digest", event)
            else:
                await events.publish(self.broker, "digest", [event])

    def _told(self, job_id: str, kind: str) -> Iterable[tuple[EventType, dict[str, Any]]]:
        """What its run tells after its start."""
        if kind != chat.Chat.kind:
            yield EventType.completed, {"result": {"kind": kind}, "brief": {}}
            return
        half = len(REPLY) // 2
        for offset, text in ((0, REPLY[:half]), (half, REPLY[half:])):
            yield EventType.live, chat.ReplyPart(offset=offset, text=text).model_dump()
        yield EventType.output, chat.Reply(text=REPLY, engine="local").model_dump()
        self.follow_ups.add(follow_up := f"{job_id}-topics")
        reply = chat.ChatReply(reply=REPLY, engine="local", topic="moon", follow_ups=(follow_up,))
        result = reply.model_dump(mode="json")
        yield EventType.completed, {"result": result, "brief": {"reply": REPLY, "engine": "local", "topic": "moon"}}


def _page(kind: Any, found: tuple[tuple[Any, ...], bool]) -> Any:
    data, has_more = found
    return kind(data=data, has_more=has_more)


def _delete(table: Table[Any], query: digest_queries.RecordQuery) -> records.Deleted:
    table.named(query)
    del table[query.owner, query.id]
    return records.Deleted(id=query.id)


def _change(table: Table[R], query: Any) -> R:
    changes = {name: getattr(query.changes, name) for name in type(query.changes).model_fields}
    changed = table.named(query).model_copy(update={name: new for name, new in changes.items() if new is not None})
    table[query.owner, query.id] = changed
    return changed


def _rejected(index: int) -> records.PostOutcome:
    return records.PostOutcome(
        index=index, status="rejected", code="post.empty", message="It has neither title nor text."
    )


@asynccontextmanager
async def digest_service(url: str) -> AsyncIterator[DigestService]:
    """The service on a connection of its own, listening."""
    async with Broker(url, "digest") as broker:
        await broker.ready()
        service = DigestService(broker)
        broker.consume(service.listen, prefetch=100)
        server = QueryServer(broker, "digest", service.handlers())
        server.start()
        await service.listening.wait()
        yield service
