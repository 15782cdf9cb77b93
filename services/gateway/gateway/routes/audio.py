"""`POST /v1/audio/transcriptions`: OpenAI's call, for those who have its clients."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import anyio
import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from pydantic import ValidationError
from pydantic_core import to_json

from gateway import openai_audio, schemas, transcriptions, uploads
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.lifecycle import Status
from gateway.openai_audio import OpenAIRequest
from gateway.openapi import answers, errors, form_body
from gateway.problems import Problem, invalid
from gateway.service import Gateway
from gateway.store.keys import ApiKey
from gateway.streams.sse import HEADERS, with_keepalive
from warren.contracts.transcriber import FileTranscript, TranscribeFile, Transcript, beyond, stream_event
from warren.errors import BlobNotFound

router = APIRouter(prefix="/v1/audio", tags=["transcriptions"])


@router.post(
    "/transcriptions",
    summary="Transcribe a recording (OpenAI's clients)",
    responses=answers(schemas.OpenAITranscription, 200) | errors(400, 410, 413, 415),
    openapi_extra=form_body(OpenAIRequest, file_required=True),
)
async def transcribe(request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers when all is transcribed; with `stream`, while it is."""
    async with uploads.form_with_file(request, gateway, uploads.check_sound) as (fields, stored):
        try:
            asked = OpenAIRequest.model_validate(fields)
        except ValidationError as error:
            raise invalid(error.errors(include_url=False)) from None
        gateway.places.check(key.id)
        async with gateway.database.transaction() as connection:
            job_id = (row := await transcriptions.accept(connection, gateway, key, asked, stored))["id"]
        stored.used = True
        gateway.publish(row)
    if asked.stream:
        return StreamingResponse(_parts(gateway, key, job_id), media_type="text/event-stream", headers=HEADERS)
    if not await _ended(request, gateway, job_id):
        await gateway.cancel(key.id, job_id)
        return Response(status_code=499)  # nobody hears it
    job = await gateway.job(key.id, job_id)
    return await _answer(gateway, job, asked)


async def _ended(request: Request, gateway: Gateway, job_id: str) -> bool:
    """Whether the job ends before the client is gone."""
    ending = asyncio.create_task(gateway.watches.ended(job_id, TranscribeFile.timeout))
    leaving = asyncio.create_task(_gone(request))
    try:
        done, _ = await asyncio.wait({ending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return ending in done and ending.result()
    finally:
        for task in (ending, leaving):
            task.cancel()
        await asyncio.gather(ending, leaving, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _answer(gateway: Gateway, job: sa.Row[Any], asked: OpenAIRequest) -> Response:
    result = await _result(gateway, job)
    match asked.response_format:
        case "text":
            return PlainTextResponse(f"{result.text}\n")
        case "srt" | "vtt" as kind:
            blob = next(item["blob"] for item in job.artifacts if item["name"] == f"transcript.{kind}")
            try:
                return PlainTextResponse(await gateway.blobs.get(blob))
            except BlobNotFound:
                raise Problem(410, "result.expired", "The result of this job is no longer kept.") from None
        case "verbose_json":
            return Answer(openai_audio.verbose(result, asked.timestamp_granularities))
        case _:
            return Answer({"text": result.text, "usage": openai_audio.usage(result)})


async def _result(gateway: Gateway, job: sa.Row[Any]) -> FileTranscript:
    """Raises a `Problem` if there is none."""
    if Status(job.status) is Status.completed:
        return FileTranscript.model_validate((await gateway.view(job))["result"])
    error = job.error or {"code": "job.cancelled", "message": "The transcription was cancelled."}
    theirs = error["code"].startswith(("audio.", "file."))
    raise Problem(400 if theirs else 500, error["code"], error["message"])


async def _parts(gateway: Gateway, key: ApiKey, job_id: str) -> AsyncIterator[bytes]:
    """Each utterance as it is known, then the whole. Whoever leaves before stops the job."""
    covers, said = 0.0, False
    ended = False
    try:
        with gateway.places.taken(key.id) as place:
            async with aclosing(with_keepalive(gateway.watches.events(job_id), place)) as happening:
                async for event in happening:
                    if event is None:
                        yield b": keep-alive\n\n"
                        continue
                    ended = event.type.terminal
                    part = stream_event(event)
                    if isinstance(part, Transcript):
                        # A run that was given up may have told it before.
                        fresh, covers = beyond(part, covers), max(covers, part.covers)
                        if fresh is not None:
                            delta = f" {fresh.text}" if said else fresh.text
                            said = True
                            yield _event({"type": "transcript.text.delta", "delta": delta})
        try:
            result = await _result(gateway, await gateway.job(key.id, job_id))
        except Problem as problem:
            yield _event(problem.openai_body())
        else:
            yield _event({"type": "transcript.text.done", "text": result.text, "usage": openai_audio.usage(result)})
        yield b"data: [DONE]\n\n"
    finally:
        if not ended:
            # The client's end cancels this task, too.
            with anyio.CancelScope(shield=True):
                await gateway.cancel(key.id, job_id)


def _event(content: dict[str, Any]) -> bytes:
    return b"data: " + to_json(content) + b"\n\n"
