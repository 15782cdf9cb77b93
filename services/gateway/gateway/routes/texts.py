"""Texts: `/v1/texts`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints

from gateway import bodies, schemas, views
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.openapi import IDEMPOTENT, PREFER, answers, errors, json_body
from gateway.routes.accepting import accept_job
from gateway.routes.waiting import after_waiting, wanted_wait
from gateway.schemas import Page
from warren.contracts.texts import (
    TRACK_PATTERN,
    DeletedText,
    DeleteText,
    FindSimilar,
    GetText,
    SearchTexts,
    SimilarText,
    SimilarTexts,
    StoredText,
    TextAnalysis,
    TextFilter,
)

router = APIRouter(prefix="/v1/texts", tags=["texts"])

SEARCH_SECONDS = 30.0
"""The first search of a worker starts the process that makes its vector."""

TrackId = Annotated[str, Path(pattern=TRACK_PATTERN)]
Language = Annotated[str | None, Query(pattern="^[a-z]{2}$", description="ISO 639-1; any when empty")]
Topic = Annotated[
    str | None, Query(pattern=r"^[^\x00-\x1f]{1,100}$", description="One of their topics; any when empty")
]
Limit = Annotated[int, Query(ge=1, le=100)]


class TextRequest(BaseModel):
    """A text, and what you call it. The same `track_id` again replaces what is known of it."""

    track_id: str = Field(pattern=TRACK_PATTERN, examples=["song-17"])
    text: Annotated[str, StringConstraints(min_length=1)] = Field(examples=["The waves roll over the harbour"])


class SimilarTextList(Page):
    """Texts, the most similar first."""

    data: list[SimilarText]
    model: str = Field(description="Whose vectors were compared")


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
    payload = TextAnalysis(owner=key.id, track_id=asked.track_id, text=asked.text)
    accepted = await accept_job(request, gateway, key, payload, asked.model_dump())
    return await after_waiting(gateway, key.id, accepted, wanted_wait(request))


@router.get("/search", summary="Find texts like these words", responses=answers(SimilarTextList, 200))
async def search(
    gateway: Parts,
    key: Caller,
    q: Annotated[str, Query(pattern=r"^[^\x00]{1,5000}$", examples=["stormy sea"])],
    language: Language = None,
    topic: Topic = None,
    limit: Limit = 10,
) -> Response:
    """Fewer than `limit` only if no more fit the filter. (A text called `search` has no page of its own.)"""
    only = TextFilter(language=language, topic=topic)
    query = SearchTexts(owner=key.id, words=q, filter=only, limit=limit)
    return _listed(await ask(gateway, query, SimilarTexts, timeout=SEARCH_SECONDS))


@router.get("/{track_id}", summary="Look at what describes a text", responses=answers(StoredText, 200) | errors(404))
async def get(track_id: TrackId, gateway: Parts, key: Caller) -> Response:
    return Answer(await ask(gateway, GetText(owner=key.id, track_id=track_id), StoredText))


@router.get(
    "/{track_id}/similar", summary="Find texts like this one", responses=answers(SimilarTextList, 200) | errors(404)
)
async def similar(
    track_id: TrackId, gateway: Parts, key: Caller, language: Language = None, topic: Topic = None, limit: Limit = 10
) -> Response:
    """Fewer than `limit` only if no more fit the filter. The text itself is left out."""
    only = TextFilter(language=language, topic=topic)
    query = FindSimilar(owner=key.id, track_id=track_id, filter=only, limit=limit)
    return _listed(await ask(gateway, query, SimilarTexts))


@router.delete("/{track_id}", status_code=204, summary="Forget a text", responses=errors(404))
async def delete(track_id: TrackId, gateway: Parts, key: Caller) -> None:
    await ask(gateway, DeleteText(owner=key.id, track_id=track_id), DeletedText)


def _listed(found: SimilarTexts) -> Answer:
    return Answer(views.complete_list(found.data, model=found.model))
