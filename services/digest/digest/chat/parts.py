"""Tells a reply while it comes, in pieces worth a message."""

import asyncio
from typing import Any

from warren.contracts.chat import ReplyPart
from warren.worker.job import Job

PERIOD_SECONDS = 0.05
"""Faster than people read; a model's single tokens would be a message each."""


class Parts:
    """Hears a model's reply (`warren.llm.OnPart`) and tells it to the job's watchers; the end comes with the reply."""

    def __init__(self, job: Job[Any]) -> None:
        self._job = job
        self._offset = 0
        self._text = ""
        self._told_at = 0.0

    async def __call__(self, offset: int, text: str) -> None:
        if offset == 0:
            self._offset, self._text, self._told_at = 0, "", 0.0
        self._text += text
        now = asyncio.get_running_loop().time()
        if now - self._told_at < PERIOD_SECONDS:
            return
        await self._job.live(ReplyPart(offset=self._offset, text=self._text))
        self._offset, self._text, self._told_at = self._offset + len(self._text), "", now
