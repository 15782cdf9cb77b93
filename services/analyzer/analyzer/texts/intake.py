"""Single texts: those that come at the same time are described and written together."""

import asyncio
from dataclasses import dataclass

from analyzer.texts import llm
from analyzer.texts.children import Children
from analyzer.texts.llm import LlmAnalyst
from analyzer.texts.store import texts as store
from analyzer.texts.store.keys import Key
from analyzer.texts.store.texts import NewText
from warren.contracts.texts import AnalyzedText
from warren.database import Database
from warren.llm import LlmError

MOST = 100
"""Texts in one transaction."""


@dataclass
class _Waiting:
    text: NewText
    done: "asyncio.Future[AnalyzedText]"


class Intake:
    """`add()` from jobs: who comes while others are written is written next, with all who came meanwhile."""

    def __init__(self, database: Database, children: Children, analyst: LlmAnalyst | None) -> None:
        self._database = database
        self._children = children
        self._analyst = analyst
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, text: NewText) -> AnalyzedText:
        """What is stored of it, once it is. Raises `TransientError`, `JobError` and `DatabaseUnavailable`."""
        item = _Waiting(text, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await item.done

    async def add_llm(self, text: NewText) -> AnalyzedText:
        """Likewise, and with what the language model says, which can be searched for without it meanwhile.

        Raises also `JobError` `llm.not_configured`, then nothing is stored; otherwise, when the model cannot be had,
        the text is.
        """
        analyst = llm.demanded(self._analyst)
        added = await self.add(text)
        if analyst.knows(added.text, text.sha256.hex()):
            return added
        try:
            analysis, usage = await analyst.analyze(text.text)
        except LlmError as error:
            raise llm.refused(error) from error
        async with self._database.transaction() as connection:
            await store.write_llm(connection, [(text, analysis)])
            stored = (await store.stored(connection, [text.key])).get(text.key)
        if stored is None or stored.sha256 != text.sha256.hex():  # meanwhile deleted, or replaced
            stored = added.text.model_copy(update={"llm_analysis": analysis})
        return AnalyzedText(track_id=text.track_id, text=stored, usage=usage)

    async def _write_all(self) -> None:
        while self._waiting:
            batch = self._next()
            try:
                results = await self._write([item.text for item in batch])
            except Exception as error:  # noqa: BLE001  whoever waits must hear of it, and the next may succeed
                for item in batch:
                    if not item.done.done():
                        item.done.set_exception(error)
            else:
                for item, result in zip(batch, results, strict=True):
                    if not item.done.done():  # its job was cancelled
                        item.done.set_result(result)

    def _next(self) -> list[_Waiting]:
        """The oldest, no two with the same key: the second of them is written later, as it came later."""
        chosen: dict[Key, _Waiting] = {}
        left: list[_Waiting] = []
        for item in self._waiting:
            if len(chosen) < MOST and item.text.key not in chosen:
                chosen[item.text.key] = item
            else:
                left.append(item)
        self._waiting = left
        return list(chosen.values())

    async def _write(self, texts: list[NewText]) -> list[AnalyzedText]:
        model = await self._children.model()
        keys = [text.key for text in texts]
        async with self._database.transaction() as connection:
            known = await store.fingerprints(connection, keys)
        changed = [text for text in texts if known.get(text.key) != text.fingerprint(model)]
        described = await self._children.describe([text.text for text in changed])
        async with self._database.transaction() as connection:
            await store.write(connection, model, list(zip(changed, described, strict=True)))
            stored = await store.stored(connection, keys)
        written = {text.key for text in changed}
        return [
            AnalyzedText(track_id=text.track_id, unchanged=text.key not in written, text=stored[text.key])
            for text in texts
        ]
