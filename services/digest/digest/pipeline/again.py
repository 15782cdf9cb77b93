"""Digests made directly, without batches: a preview of prompts, and an old digest again under others."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from digest.engines import suspicion
from digest.engines.asking import Engines
from digest.engines.base import Answer, Brief, Text
from digest.models import posts
from digest.pipeline.compose import choose, headline, sections
from digest.pipeline.finish import engine_of
from digest.store import bots, digests
from digest.store.fates import READ, Story
from digest.store.posts import unprocessed
from warren.contracts.digest import (
    ComparedPost,
    DigestComparison,
    Preview,
    PreviewBot,
    PreviewedPost,
    RerunDigest,
)
from warren.contracts.digest_records import Bot, Digest
from warren.contracts.usage import Usage
from warren.database import Database
from warren.worker.job import Job

AT_A_TIME = 5
SIDE_BY_SIDE = 8


@dataclass
class Results:
    """What an engine made of posts."""

    categories: dict[str, Answer] = field(default_factory=dict)
    summaries: dict[str, Answer] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    warnings: set[str] = field(default_factory=set)

    def reason(self, post_id: str) -> str:
        answer = self.categories.get(post_id)
        return answer.reason if answer is not None else "It was not looked at."


class Again:
    """Handlers of `digest.preview` and `digest.rerun`."""

    def __init__(self, database: Database, engines: Engines) -> None:
        self._database = database
        self._engines = engines

    async def preview(self, job: Job[PreviewBot]) -> Preview:
        """The newest posts, those first that no build has seen. Raises `bot.not_found`."""
        payload = job.payload
        async with self._database.transaction() as connection:
            bot = await bots.find(connection, payload.owner, payload.bot_id)
            own = posts.c.channel_id.in_(bot.channels) & (posts.c.owner == payload.owner)
            order = (unprocessed(bot.id).desc(), posts.c.id.desc())
            found = await _texts(connection, _columns().where(own).order_by(*order).limit(payload.max_posts))
        texts = [text for text, _ in found]
        if payload.categories is not None:
            bot = bot.model_copy(update={"categories": payload.categories})
        brief = _brief(bot, payload.categorization_prompt, payload.summarization_prompt)
        results = await self._process(payload.engine, brief, texts)
        return Preview(
            bot_id=bot.id,
            posts=tuple(_previewed(text, results) for text in texts),
            usage=results.usage.model_dump(),
            warnings=tuple(sorted(results.warnings)),
        )

    async def rerun(self, job: Job[RerunDigest]) -> DigestComparison:
        """The same posts under another prompt; a second run changes nothing. Raises `digest.not_found`."""
        payload = job.payload
        async with self._database.transaction() as connection:
            row = await digests.row_of(connection, payload.owner, payload.digest_id)
            bot = await bots.find(connection, payload.owner, row.bot_id)
            version = payload.prompt_version or bot.prompt_version
            if version != bot.prompt_version:
                bot = await bots.at_version(connection, payload.owner, bot, version)
            before = {item["post_id"]: item for item in row.content["fates"]}
            compared = [post_id for post_id, item in before.items() if item["duplicate_of"] is None]
            found = await _texts(connection, _columns().where(posts.c.id.in_(compared)).order_by(posts.c.id))
        await job.progress(f"Reading {len(found)} posts again…", stage="working", percent=5)
        brief = _brief(bot, payload.categorization_prompt, payload.summarization_prompt)
        results = await self._process(payload.engine, brief, [text for text, _ in found])
        stories = [_story(text, extra, results, before) for text, extra in found if text.id in results.summaries]
        chosen = choose(stories, bot.categories, bot.max_posts_per_digest)
        digest = Digest(
            id=f"dig_{job.id.removeprefix('job_')}",
            bot_id=bot.id,
            build_id=job.id,
            title=row.title,
            language=bot.language,
            engine=engine_of(stories),
            prompt_version=version,
            posts=len(chosen.stories),
            considered=len(before),
            rerun_of=row.id,
            created_at=datetime.now(UTC),
            sections=sections(chosen.stories, bot.categories),
            usage=results.usage.model_dump(),
        )
        after = [_considered(text, results, chosen.dropped) for text, _ in found]
        async with self._database.transaction() as connection:
            await digests.add(connection, payload.owner, digest, after)
        rows = sorted((_compared(text, before[text.id], item) for (text, _), item in zip(found, after, strict=True)),
                      key=lambda post: post.category_before == post.category_after)  # fmt: skip
        moved = sum(post.category_before != post.category_after for post in rows)
        return DigestComparison(
            digest_id=digest.id, rerun_of=row.id, moved=moved, posts=tuple(rows), usage=results.usage.model_dump()
        )

    async def _process(self, wanted: str, brief: Brief, texts: Sequence[Text]) -> Results:
        results, places = Results(), asyncio.Semaphore(SIDE_BY_SIDE)

        async def part(some: list[Text]) -> None:
            async def keep_category(answers: Mapping[str, Answer]) -> None:
                results.categories.update(answers)

            async def keep_summary(answers: Mapping[str, Answer]) -> None:
                results.summaries.update(answers)

            async with places:
                first = await self._engines.ask("categorize", wanted, brief, some, keep_category)
                sorted_ = [text for text in some if results.categories[text.id].category is not None]
                second = await self._engines.ask("summarize", wanted, brief, sorted_, keep_summary)
            results.usage += first.usage + second.usage
            results.warnings |= first.warnings | second.warnings

        calm = [text for text in texts if not suspicion.speaks_to_a_model(text.whole)]
        parts = [calm[start : start + AT_A_TIME] for start in range(0, len(calm), AT_A_TIME)]
        async with asyncio.TaskGroup() as group:
            for some in [*parts, *([text] for text in texts if text not in calm)]:
                group.create_task(part(list(some)))
        return results


def _brief(bot: Bot, categorization: str | None, summarization: str | None) -> Brief:
    prompts = (bot.categorization_prompt, bot.summarization_prompt)
    own = Brief(bot.categories, bot.language, *prompts, bot.id, bot.webhook_secret)
    if categorization is not None:
        own = replace(own, categorization_prompt=categorization)
    return own if summarization is None else replace(own, summarization_prompt=summarization)


def _columns() -> sa.Select[Any]:
    text = sa.func.substr(posts.c.text, 1, READ).label("text")
    return sa.select(posts.c.id, posts.c.title, text, posts.c.url, posts.c.published_at, posts.c.created_at)


async def _texts(connection: Any, statement: sa.Select[Any]) -> list[tuple[Text, sa.Row[Any]]]:
    return [(Text(row.id, row.title, row.text), row) for row in (await connection.execute(statement)).all()]


def _previewed(text: Text, results: Results) -> PreviewedPost:
    answer = results.categories[text.id]
    return PreviewedPost(
        post_id=text.id,
        title=headline(text.title, text.text),
        category=answer.category,
        summary=_summary(text, results),
        reason=answer.reason,
        engine=answer.engine,
    )


def _summary(text: Text, results: Results) -> str:
    return "\n".join(results.summaries[text.id].sentences) if text.id in results.summaries else ""


def _story(text: Text, row: sa.Row[Any], results: Results, before: dict[str, dict[str, Any]]) -> Story:
    return Story(
        text=text,
        url=row.url,
        category=results.categories[text.id].category or "",
        summary=_summary(text, results),
        engine=results.summaries[text.id].engine,
        moment=row.published_at or row.created_at,
        published_at=row.published_at,
        repeated_by=tuple(post_id for post_id, item in before.items() if item["duplicate_of"] == text.id),
    )


def _considered(text: Text, results: Results, dropped: Mapping[str, str]) -> dict[str, Any]:
    answer = results.categories[text.id]
    reason = dropped.get(text.id, answer.reason)
    return {
        "post_id": text.id,
        "state": "dropped" if reason or answer.category is None else "digested",
        "category": answer.category,
        "summary": _summary(text, results),
        "reason": reason,
        "duplicate_of": None,
    }


def _compared(text: Text, before: Mapping[str, Any], after: Mapping[str, Any]) -> ComparedPost:
    return ComparedPost(
        post_id=text.id,
        title=headline(text.title, text.text),
        category_before=before["category"],
        category_after=after["category"],
        summary_before=before["summary"],
        summary_after=after["summary"],
        reason_before=before["reason"],
        reason_after=after["reason"],
    )
