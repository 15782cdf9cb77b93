"""Texts: `/v1/texts`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import bodies, schemas, uploads, views
from gateway.answers import Answer
from gateway.asking import ASK_SECONDS, ask
from gateway.auth import Caller, Parts
from gateway.once import Created, create_once
from gateway.openapi import IDEMPOTENT, PREFER, answers, errors, json_body
from gateway.problems import Problem
from gateway.routes.accepting import accept_job, accepted
from gateway.routes.waiting import after_waiting, wanted_wait
from gateway.schemas import Page
from gateway.store import files
from warren.contracts.texts import (
    TRACK_PATTERN,
    DeletedText,
    DeleteText,
    FindSimilar,
    GetText,
    LlmTextAnalysis,
    Point,
    SearchTexts,
    SimilarText,
    SimilarTexts,
    StoredText,
    TextAnalysis,
    TextBatch,
    TextFilter,
)

router = APIRouter(prefix="/v1/texts", tags=["texts"])

SEARCH_SECONDS = 30.0
"""The first search, or map, of a worker starts the process that makes it."""

_FORMATS: dict[str, Literal["ndjson", "csv"]] = {**dict.fromkeys(bodies.LINES, "ndjson"), "text/csv": "csv"}
_FILE = {
    "required": True,
    "content": {
        # Without a type: a body is always text, so none could be of a wrong one.
        kind: {"schema": {"contentMediaType": kind}, "example": example}
        for kind, example in (
            (bodies.LINES[0], '{"track_id": "song-17", "text": "The waves roll"}\n'),
            ("text/csv", 'track_id,text\nsong-17,"The waves roll"\n'),
        )
    },
}

TrackId = Annotated[str, Path(pattern=TRACK_PATTERN)]
Language = Annotated[str | None, Query(pattern="^[a-z]{2}$", description="ISO 639-1; any when empty")]
Topic = Annotated[
    str | None, Query(pattern=r"^[^\x00-\x1f]{1,100}$", description="One of their topics; any when empty")
]
Limit = Annotated[int, Query(ge=1, le=100)]
Map = Annotated[bool, Query(alias="map", description="Whether to place them on a plane")]


class TextRequest(BaseModel):
    """A text, and what you call it. The same `track_id` again replaces what is known of it."""

    track_id: str = Field(pattern=TRACK_PATTERN, examples=["song-17"])
    text: Annotated[str, StringConstraints(min_length=1)] = Field(examples=["The waves roll over the harbour"])
    llm: bool = Field(False, description="Also have a language model say what it is about, which takes seconds")


class SimilarTextList(Page):
    """Texts, the most similar first."""

    data: list[SimilarText]
    model: str = Field(description="Whose vectors were compared")
    origin: Point | None = Field(None, description="With `map`: where what was asked for lies among them")
    explained: float | None = Field(None, description="With `map`: share of their differences that it shows, 0 to 1")


@router.post(
    "",
    status_code=202,
    summary="Describe a text, and keep what describes it",
    responses=answers(schemas.Job, 200, 202) | errors(409, 413, 415),
    openapi_extra=json_body(TextRequest) | {"parameters": [IDEMPOTENT, PREFER]},
)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job. The text itself is not kept beyond it: language, structure, topics and a vector are.

    The same text again is `unchanged`. `Prefer: wait=10` waits for up to that many seconds.
    """
    asked = await bodies.read(request, TextRequest)
    kind = LlmTextAnalysis if asked.llm else TextAnalysis
    payload = kind(owner=key.id, track_id=asked.track_id, text=asked.text)
    answer = await accept_job(request, gateway, key, payload, asked.model_dump(exclude_defaults=True))
    return await after_waiting(gateway, key.id, answer, wanted_wait(request))


@router.post(
    "/batch",
    status_code=202,
    summary="Describe the texts of a file",
    responses=answers(schemas.Job, 200, 202) | errors(409, 413, 415),
    openapi_extra={"requestBody": _FILE, "parameters": [IDEMPOTENT, PREFER]},
)
async def batch(
    request: Request,
    gateway: Parts,
    key: Caller,
    name: Annotated[str, Query(max_length=200, description="What the file is called: for people")] = "",
    llm: Annotated[bool, Query(description="Also have a language model say what each text is about")] = False,
) -> Response:
    """The body is the file: a JSON object with `track_id` and `text` a line, or a CSV whose first line names them.

    Answers with a job that tells how fast it goes. It lists lines that could not be read in its artifact
    `errors.ndjson`, and those that gave way to a later one with the same `track_id`.
    """
    kind = _FORMATS.get(bodies.media_type(request))
    if kind is None:
        raise Problem(415, "request.media_type", f"Send {' or '.join(_FORMATS)}.")
    name = uploads.clean_name(name or f"texts.{kind}")
    async with uploads.streamed(request, gateway, name, gateway.settings.max_batch_bytes) as stored:

        async def accept(connection: AsyncConnection) -> Created:
            await files.add(connection, key.id, stored.file, None, None)
            payload = TextBatch(owner=key.id, file=stored.file, format=kind, llm=llm)
            row = await gateway.insert(connection, payload, key.id)

            def committed() -> None:
                stored.used = True
                gateway.publish(row)

            return accepted(row, committed)

        content = {"sha256": stored.file.sha256, "format": kind, **({"llm": True} if llm else {})}
        answer = await create_once(gateway, request, key.id, content, accept)
    return await after_waiting(gateway, key.id, answer, wanted_wait(request))


@router.get("/search", summary="Find texts like these words", responses=answers(SimilarTextList, 200))
async def search(
    gateway: Parts,
    key: Caller,
    q: Annotated[str, Query(pattern=r"^[^\x00]{1,5000}$", examples=["stormy sea"])],
    language: Language = None,
    topic: Topic = None,
    limit: Limit = 10,
    drawn: Map = False,
) -> Response:
    """Fewer than `limit` only if no more fit the filter. (A text called `search` has no page of its own.)"""
    only = TextFilter(language=language, topic=topic)
    query = SearchTexts(owner=key.id, words=q, filter=only, limit=limit, map=drawn)
    return _listed(await ask(gateway, query, SimilarTexts, timeout=SEARCH_SECONDS))


@router.get("/{track_id}", summary="Look at what describes a text", responses=answers(StoredText, 200) | errors(404))
async def get(track_id: TrackId, gateway: Parts, key: Caller) -> Response:
    return Answer(await ask(gateway, GetText(owner=key.id, track_id=track_id), StoredText))


@router.get(
    "/{track_id}/similar", summary="Find texts like this one", responses=answers(SimilarTextList, 200) | errors(404)
)
async def similar(
    track_id: TrackId,
    gateway: Parts,
    key: Caller,
    language: Language = None,
    topic: Topic = None,
    limit: Limit = 10,
    drawn: Map = False,
) -> Response:
    """Fewer than `limit` only if no more fit the filter. The text itself is left out."""
    only = TextFilter(language=language, topic=topic)
    query = FindSimilar(owner=key.id, track_id=track_id, filter=only, limit=limit, map=drawn)
    return _listed(await ask(gateway, query, SimilarTexts, timeout=SEARCH_SECONDS if drawn else ASK_SECONDS))


@router.delete("/{track_id}", status_code=204, summary="Forget a text", responses=errors(404))
async def delete(track_id: TrackId, gateway: Parts, key: Caller) -> None:
    await ask(gateway, DeleteText(owner=key.id, track_id=track_id), DeletedText)


def _listed(found: SimilarTexts) -> Answer:
    return Answer(views.complete_list(found.data, model=found.model, origin=found.origin, explained=found.explained))
