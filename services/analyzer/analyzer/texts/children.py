"""The child processes that describe texts, and their turn."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from analyzer.texts import maps, work
from analyzer.texts.embeddings import EmbeddingSettings
from analyzer.texts.maps import Projection
from analyzer.texts.work import Described, Model
from warren.worker.cruncher import Cruncher

T = TypeVar("T")


class Children:
    """So many processes. Single texts go before those that come in bulk, which wait outside of the queue. With
    `prepared` the processes start at once, and not when they are first needed."""

    def __init__(self, settings: EmbeddingSettings, count: int, *, prepared: bool = False) -> None:
        self._settings = EmbeddingSettings(**{name: getattr(settings, name) for name in EmbeddingSettings.model_fields})
        preparation = partial(work.describe, self._settings, ["A text"]) if prepared else None
        self._all = [Cruncher("analyzer", preparation) for _ in range(count)]
        self._free: asyncio.Queue[Cruncher] = asyncio.Queue()
        self._bulk = asyncio.Semaphore(count)
        self._model: Model | None = None

    async def __aenter__(self) -> Self:
        for child in self._all:
            await child.__aenter__()
            self._free.put_nowait(child)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(asyncio.to_thread(child.close) for child in self._all))

    async def model(self) -> Model:
        """Whose vectors are made. Raises `TransientError`, and `ValueError` if it cannot be loaded."""
        if self._model is None:
            self._model = await self._run(work.model, self._settings)
        return self._model

    async def describe(self, texts: Sequence[str], *, bulk: bool = False) -> list[Described]:
        """One for each text. Raises `TransientError` and `JobError`."""
        if not texts:
            return []
        if bulk:
            async with self._bulk:
                return await self.describe(texts)
        return await self._run(work.describe, self._settings, list(texts))

    async def embed(self, text: str) -> bytes | None:
        """The packed vector of a text; None if there is nothing in it. Raises likewise."""
        return await self._run(work.embed, self._settings, text)

    async def project(self, vectors: Sequence[bytes]) -> Projection:
        """Packed vectors on a plane. Raises `TransientError`."""
        return await self._run(maps.project, list(vectors))

    async def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        child = await self._free.get()
        try:
            return await child.run(function, *arguments)
        finally:
            self._free.put_nowait(child)
