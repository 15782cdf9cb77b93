"""Recordings: everything between a parsed request and an accepted job."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.service import Gateway
from gateway.store import files
from gateway.store.keys import ApiKey
from gateway.uploads import Stored
from warren.contracts.transcriber import TranscribeFile

Language = Annotated[str, StringConstraints(pattern="^[A-Za-z]{2}([-_][A-Za-z0-9]{2,8})*$")]


class TranscriptionRequest(BaseModel):
    """What may be said about a recording."""

    language: Language | None = Field(None, description="ISO 639-1; the engine's own when empty")
    prompt: str | None = Field(None, max_length=10_000, description="Words to expect")


def language_code(tag: str | None) -> str | None:
    """`en-US` → `en`."""
    return tag[:2].lower() if tag else None


async def accept(
    connection: AsyncConnection, gateway: Gateway, key: ApiKey, asked: TranscriptionRequest, kept: Stored
) -> dict[str, Any]:
    """Add the transcription of a stored file as a job. Returns the job's row."""
    await files.add(connection, key.id, kept.file, None, None)
    payload = TranscribeFile(file=kept.file, language=language_code(asked.language), prompt=asked.prompt)
    return await gateway.insert(connection, payload, key.id)
