"""The call of the earlier text analysis's clients, as a thin layer over the same parts that `/v1` uses."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, StringConstraints

from gateway import bodies, earlier_schemas
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.openapi import answers, errors, json_body
from warren.contracts.texts import TRACK_PATTERN, TextAnalysis

router = APIRouter(tags=["earlier clients"])


class EarlierText(BaseModel):
    """A text, and what it is called."""

    track_id: Annotated[str, StringConstraints(pattern=TRACK_PATTERN)] | int
    text: Annotated[str, StringConstraints(min_length=1)]


@router.post(
    "/analyze",
    summary="Describe a text (earlier clients)",
    responses=answers(earlier_schemas.EarlierTextTask, 200) | errors(413, 415),
    openapi_extra=json_body(EarlierText),
)
async def analyze(request: Request, gateway: Parts, key: Caller) -> Response:
    """`GET /task/{task_id}/status` and `GET /v1/texts/{track_id}` tell what came of it."""
    asked = await bodies.read(request, EarlierText)
    payload = TextAnalysis(owner=key.id, track_id=str(asked.track_id), text=asked.text)
    row = await gateway.submit(payload, key.id)
    return Answer({"task_id": row["id"], "status": "queued"})
