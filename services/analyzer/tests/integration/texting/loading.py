"""Loads files of texts, and tells what came of them."""

import asyncio
import json
from typing import Any

from warren.contracts.files import UploadedFile
from warren.contracts.texts import TextBatch, TextBatchReport
from warren.ids import new_id
from warren.testing.jobs import InMemoryJob

from .conftest import Desk

SECONDS = 120.0
"""A busy machine takes half a minute to start the process that describes texts."""


def ndjson(*texts: dict[str, Any]) -> bytes:
    return "".join(f"{json.dumps(text)}\n" for text in texts).encode()


async def batch_of(desk: Desk, data: bytes, kind: Any = "ndjson", *, llm: bool = False) -> InMemoryJob[TextBatch]:
    name = new_id("file")
    await desk.blobs.put(name, data)
    file = UploadedFile(file_id=name, blob=name, name="songs", size=len(data), sha256="")
    return InMemoryJob(TextBatch(owner=desk.owner, file=file, format=kind, llm=llm), id=new_id("job"))


async def load(desk: Desk, job: InMemoryJob[TextBatch]) -> TextBatchReport:
    async with asyncio.timeout(SECONDS):
        return TextBatchReport.model_validate(await desk.handlers[TextBatch](job))


def told(job: InMemoryJob[TextBatch]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in job.files["errors.ndjson"].splitlines()]
