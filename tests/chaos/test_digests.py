"""A digest is made of every post exactly once, whatever dies meanwhile."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from warren import jobs
from warren.broker import Broker
from warren.contracts.base import Query
from warren.contracts.digest import BuildDigest
from warren.contracts.digest_queries import AddPosts, CreateBot, CreateChannel, StopBuilds
from warren.contracts.digest_records import AddedPosts, Bot, BotSpec, Category, Channel, ChannelSpec, NewPost, Stopped
from warren.errors import BrokerUnavailable, QueryTimeout
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.queries import QueryClient
from warren.testing.processes import Program
from warren.testing.scripted_llm import RecordedRequest, ScriptedLlm, Step

from .suite import SECONDS, Suite

T = TypeVar("T", bound=BaseModel)

OWNER = "key_chaos"
POSTS = 40


class Model(ScriptedLlm):
    """Answers rightly about every post it is asked about, not at once."""

    def take(self, request: RecordedRequest) -> Step:
        posts = json.loads(request.body["messages"][1]["content"])["posts"]
        answers = [{"id": p["id"], "category": "News", "sentences": [f"About {p['title']}."]} for p in posts]
        return Step(reply=json.dumps({"answers": answers}), delay=0.4)


@dataclass
class Desk:
    """Asks and looks."""

    suite: Suite
    broker: Broker
    queries: QueryClient

    async def ask(self, query: Query, reply: type[T]) -> T:
        """Insists: a worker may have just died with the question."""
        async with asyncio.timeout(SECONDS):
            while True:
                with contextlib.suppress(BrokerUnavailable, QueryTimeout):
                    return await self.queries.ask(query, reply, timeout=5)
                await asyncio.sleep(0.1)

    async def bot(self) -> Bot:
        """A bot whose channel holds `POSTS` posts."""
        channel = await self.ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="news"), id="chan_1"), Channel)
        posts = tuple(NewPost(external_id=str(n), title=new_id("t"), text=new_id("x")) for n in range(POSTS))
        await self.ask(AddPosts(owner=OWNER, channel_id=channel.id, posts=posts), AddedPosts)
        spec = BotSpec(
            name="bot", channels=(channel.id,), categories=(Category(name="News"),), max_posts_per_digest=200
        )
        return await self.ask(CreateBot(owner=OWNER, spec=spec, id="bot_1"), Bot)

    async def build(self, bot: Bot) -> str:
        message = JobMessage.of(new_id("job"), BuildDigest(owner=OWNER, bot_id=bot.id, engine="llm"))
        await jobs.publish(self.broker, message)
        return message.job_id

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        async with self.suite.database() as database:
            return [dict(row) for row in await database.fetch(sql, *values)]

    async def reached(self, count: int) -> None:
        """Wait until so many posts have a summary."""
        async with asyncio.timeout(SECONDS):
            while len(await self.rows("SELECT 1 FROM digest.fates WHERE summary <> ''")) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def some(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Such rows, once there are any."""
        async with asyncio.timeout(2 * SECONDS):
            while not (found := await self.rows(sql, *values)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return found

    async def ended(self, build: str) -> dict[str, Any]:
        """The build, once it is over."""
        return (await self.some("SELECT * FROM digest.builds WHERE id = $1 AND ended_at IS NOT NULL", build))[0]

    async def check_whole(self) -> None:
        """Every post is in exactly one digest, once."""
        assert [row["state"] for row in await self.rows("SELECT state FROM digest.fates")] == ["digested"] * POSTS
        contents = [json.loads(row["content"]) for row in await self.rows("SELECT content FROM digest.digests")]
        cited = [p for c in contents for s in c["sections"] for item in s["items"] for p in item["post_ids"]]
        assert len(cited) == len(set(cited)) == POSTS
        assert await self.rows("SELECT 1 FROM digest.batches WHERE state NOT IN ('done', 'abandoned')") == []


@contextlib.asynccontextmanager
async def desk(suite: Suite) -> AsyncIterator[Desk]:
    async with Broker(suite.broker_url, "desk") as broker:
        await broker.ready()
        queries = QueryClient(broker)
        queries.start()
        yield Desk(suite, broker, queries)


async def digest_worker(suite: Suite, model: ScriptedLlm) -> Program:
    return await suite.programs.service(
        "digest",
        "worker",
        WARREN_LLM_API_KEY="chaos",
        WARREN_LLM_BASE_URL=model.base_url,
        WARREN_LLM_MODEL="scripted",
        WARREN_DIGEST_CONCURRENCY="3",
    )


async def test_no_post_is_lost_doubled_or_stuck_when_workers_die_and_rabbitmq_restarts(suite: Suite) -> None:
    with Model() as model:
        start = partial(digest_worker, suite, model)
        first, second, _ = await asyncio.gather(start(), start(), suite.gateway())
        async with desk(suite) as here:
            build = await here.build(await here.bot())
            await here.reached(5)
            first.kill()
            third = asyncio.create_task(start())
            await here.reached(15)
            await asyncio.to_thread(suite.rabbitmq.stop)
            await asyncio.to_thread(suite.rabbitmq.start)
            await third
            await here.reached(25)
            second.kill()
            ended = await here.ended(build)
            assert ended["status"] == "completed", ended
            await here.check_whole()


async def test_a_message_whose_worker_dies_is_answered_once(suite: Suite) -> None:
    slow = Step(reply="Never said.", delay=SECONDS, times=1)
    with ScriptedLlm([slow, Step(reply="Start with mint.", times=None)]) as model:
        first, _ = await asyncio.gather(digest_worker(suite, model), suite.gateway())
        async with suite.client() as client:
            body = {"user_id": "anna", "message": "What should I plant?"}
            job_id = (await client.post("/v1/chat", json=body)).raise_for_status().json()["id"]
            await model.received(1)
            first.kill()
            await digest_worker(suite, model)
            async with suite.watching(job_id):
                pass
        async with desk(suite) as here:
            # What follows the reply is done too, so that no message is left behind.
            await here.some("SELECT 1 FROM digest.messages WHERE recommended_at IS NOT NULL")
            said = [json.loads(row["reply"])["reply"] for row in await here.rows("SELECT reply FROM digest.messages")]
    await suite.check_ended([job_id])
    assert (await suite.job(job_id))["result"]["reply"] == "Start with mint."
    assert said == ["Start with mint."]


async def test_what_was_stopped_goes_on_with_the_next_build(suite: Suite) -> None:
    with Model() as model:
        await asyncio.gather(digest_worker(suite, model), suite.gateway())
        async with desk(suite) as here:
            bot = await here.bot()
            build = await here.build(bot)
            await here.reached(5)
            assert (await here.ask(StopBuilds(owner=OWNER), Stopped)).build_ids == (build,)
            assert (await here.ended(build))["status"] == "stopped"
            assert len(await here.rows("SELECT 1 FROM digest.fates WHERE summary = ''")) > 0

            again = await here.build(bot)
            assert (await here.ended(again))["status"] == "completed"
            await here.check_whole()
