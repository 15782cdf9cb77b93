"""Chat: `/v1/chat`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints

from gateway import bodies, schemas
from gateway.auth import Caller, Parts
from gateway.openapi import EVENT_STREAM, IDEMPOTENT, PREFER, answers, errors, json_body
from gateway.routes.accepting import accept_job
from gateway.routes.users import USER_PATTERN
from gateway.routes.waiting import after_waiting, wanted_wait
from gateway.streams.sse import event_stream
from warren.contracts.chat import LONGEST_MESSAGE, Chat

router = APIRouter(prefix="/v1/chat", tags=["chat"])

EVENTS = "text/event-stream"

_STREAMED: dict[int | str, dict[str, Any]] = answers(schemas.Job, 200, 202)
_STREAMED[200] |= {
    "description": "The job as it ended, or with `stream` its events",
    "content": EVENT_STREAM["content"],
}


class ChatRequest(BaseModel):
    """A person says something."""

    user_id: str = Field(pattern=USER_PATTERN, description="What you call this person", examples=["ada"])
    message: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_MESSAGE)] = Field(
        examples=["How do tides work?"]
    )
    engine: Literal["auto", "local"] = "auto"
    stream: bool = Field(
        False, description="Answer with the reply while it is written; so does `Accept: text/event-stream`"
    )


@router.post(
    "",
    status_code=202,
    summary="Say something",
    responses=_STREAMED | errors(409, 413, 415),
    openapi_extra=json_body(ChatRequest) | {"parameters": [IDEMPOTENT, PREFER]},
)
async def create(request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job, whose result is the reply; its topic and new recommendations follow behind it.

    A stream has the job's events. Among them are `live` ones: parts of the reply, each with the `offset` at which it
    goes on. Whoever leaves the stream does not stop the job.
    """
    asked = await bodies.read(request, ChatRequest)
    wait = wanted_wait(request)
    streams = asked.stream or EVENTS in request.headers.get("Accept", "")
    if streams:
        gateway.places.check(key.id)
    payload = Chat(owner=key.id, user_id=asked.user_id, message=asked.message, engine=asked.engine)
    accepted = await accept_job(request, gateway, key, payload, asked.model_dump(exclude={"stream"}))
    if not streams:
        return await after_waiting(gateway, key.id, accepted, wait)
    location = accepted.headers["Location"]
    stream = event_stream(request, gateway.watches.events(location.rpartition("/")[2], live=True), key.id)
    stream.headers["Location"] = location
    return stream
