"""What is told while a stream lasts, beside its words."""

import asyncio

from warren.contracts.base import Message
from warren.contracts.transcriber import TranscribeStream
from warren.worker.job import Job


class Teller:
    """Live events go out one after the other; nobody waits for them."""

    def __init__(self, job: Job[TranscribeStream]) -> None:
        self._job = job
        self._news: asyncio.Queue[Message] = asyncio.Queue()

    def tell(self, news: Message) -> None:
        self._news.put_nowait(news)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            news = await self._news.get()
            await self._job.live(news)
            self._news.task_done()

    async def all_told(self) -> None:
        await self._news.join()
