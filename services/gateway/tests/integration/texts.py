"""The analyzer's answers about texts, from a table in memory."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from warren.contracts import texts
from warren.contracts.events import EventType
from warren.queries import QueryHandlers, QueryRefused

from .support import RunningGateway

FEATURES = texts.TextFeatures(characters=5, words=1, lines=1, verses=1, repeated_lines=0, compressibility=0)


@dataclass
class TextService:
    """`jobs`: payloads of the jobs that came, by id; `asked`: the queries."""

    gateway: RunningGateway
    kept: dict[tuple[str, str], texts.StoredText] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)

    def handlers(self) -> QueryHandlers:
        return {
            texts.GetText: self._get,
            texts.DeleteText: self._delete,
            texts.FindSimilar: self._similar,
            texts.SearchTexts: self._search,
        }

    async def listen(self, channel: AbstractChannel) -> None:
        for name in ("analyzer-bulk", "analyzer-batches", "analyzer-llm"):
            await (await channel.get_queue(name, ensure=False)).consume(self._work)

    async def _work(self, message: AbstractIncomingMessage) -> None:
        job_id = str(message.message_id)
        payload = self.jobs[job_id] = json.loads(message.body)[1]["payload"]
        await message.ack()
        run = self.gateway.run(job_id)
        if "file" in payload:
            report = texts.TextBatchReport(texts=1, stored=1).model_dump(mode="json")
            await run.tell(run.next(EventType.started), run.next(EventType.completed, result=report))
            return
        now = datetime.now(UTC)
        made = texts.StoredText(
            track_id=payload["track_id"], sha256="0" * 64, model="m", excerpt=payload["text"][: texts.EXCERPT],
            features=FEATURES, created_at=now, updated_at=now,
        )  # fmt: skip
        self.kept[payload["owner"], made.track_id] = made
        result = texts.AnalyzedText(track_id=made.track_id, text=made).model_dump(mode="json")
        await run.tell(run.next(EventType.started), run.next(EventType.completed, result=result))

    async def _get(self, query: texts.TextQuery) -> texts.StoredText:
        self.asked.append(query)
        if (found := self.kept.get((query.owner, query.track_id))) is None:
            raise QueryRefused("text.not_found", f"There is no text {query.track_id!r}.")
        return found

    async def _delete(self, query: texts.DeleteText) -> texts.DeletedText:
        await self._get(query)
        del self.kept[query.owner, query.track_id]
        return texts.DeletedText(track_id=query.track_id)

    async def _similar(self, query: texts.FindSimilar) -> texts.SimilarTexts:
        await self._get(query)
        return texts.SimilarTexts(data=(texts.SimilarText(track_id="other", similarity=0.5),), model="m")

    async def _search(self, query: texts.SearchTexts) -> texts.SimilarTexts:
        self.asked.append(query)
        found = texts.SimilarText(track_id="found", similarity=0.5)
        if not query.map:
            return texts.SimilarTexts(data=(found,), model="m")
        placed = found.model_copy(update={"x": 0.5, "y": 0.25})
        return texts.SimilarTexts(data=(placed,), model="m", origin=texts.Point(x=-1, y=0), explained=1)
