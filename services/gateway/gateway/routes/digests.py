"""Digests: `/v1/digests`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from gateway import bodies, digest_schemas, schemas
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.openapi import ID_PATTERN, IDEMPOTENT, PREFER, answers, errors, json_body
from gateway.routes.accepting import accept_job
from gateway.routes.paging import After, Limit, listed
from gateway.routes.waiting import after_waiting, wanted_wait
from warren.contracts.digest import EngineChoice, RerunDigest
from warren.contracts.digest_queries import DeleteDigest, GetDigest, ListDigests, RenderDigest
from warren.contracts.digest_records import PROMPT_MAX_CHARS, Deleted, Digest, Digests, Rendering

router = APIRouter(prefix="/v1/digests", tags=["digests"])

DigestId = Annotated[str, Path(pattern=ID_PATTERN)]
NamedDigest = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}(\.(json|md|html))?$")]
Format = Literal["json", "markdown", "html"]

SUFFIXES: dict[str, Format] = {"json": "json", "md": "markdown", "html": "html"}
MEDIA_TYPES: dict[str, Format] = {"application/json": "json", "text/markdown": "markdown", "text/html": "html"}
INERT = {
    # It is opened by itself, and then must not be able to do anything in the name of this server.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}

_DOCUMENT = {"schema": {"type": "string"}}
_MARKDOWN: dict[str, Any] = {"text/markdown": _DOCUMENT}
_HTML: dict[str, Any] = {"text/html": _DOCUMENT}


class RerunRequest(BaseModel):
    """What to make the digest again with. Empty prompts are the bot's present ones."""

    prompt_version: int | None = Field(None, ge=1, le=1_000_000, description="Take both from an earlier version")
    categorization_prompt: str | None = Field(None, max_length=PROMPT_MAX_CHARS)
    summarization_prompt: str | None = Field(None, max_length=PROMPT_MAX_CHARS)
    engine: EngineChoice = "auto"


@router.get("", summary="List digests, newest first", responses=answers(digest_schemas.DigestList, 200) | errors(404))
async def listing(
    gateway: Parts,
    key: Caller,
    bot_id: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    limit: Limit = 20,
    after: After = None,
) -> Response:
    return listed(await ask(gateway, ListDigests(owner=key.id, bot_id=bot_id, limit=limit, after=after), Digests))


@router.get(
    "/{digest_id}",
    summary="Look at a digest",
    responses={200: {"model": Digest, "content": {**_MARKDOWN, **_HTML}}, **errors(404)},
)
async def get(digest_id: NamedDigest, request: Request, gateway: Parts, key: Caller) -> Response:
    """JSON, or Markdown or HTML for who asks for that: with `Accept`, or at `….md` and `….html`."""
    name, _, suffix = digest_id.partition(".")
    kind = SUFFIXES[suffix] if suffix else wanted_format(request.headers.get("Accept", ""))
    if kind == "json":
        answer: Response = Answer(await ask(gateway, GetDigest(owner=key.id, id=name), Digest))
    else:
        rendering = await ask(gateway, RenderDigest(owner=key.id, id=name, format=kind), Rendering)
        answer = Response(rendering.text, media_type=rendering.media_type, headers=INERT)
    answer.headers["Vary"] = "Accept"
    return answer


@router.delete("/{digest_id}", status_code=204, summary="Delete a digest", responses=errors(404))
async def delete(digest_id: DigestId, gateway: Parts, key: Caller) -> None:
    await ask(gateway, DeleteDigest(owner=key.id, id=digest_id), Deleted)


@router.post(
    "/{digest_id}/reruns",
    status_code=202,
    summary="Make a digest again, and compare",
    responses=answers(schemas.Job, 200, 202) | errors(404, 409, 413, 415),
    openapi_extra=json_body(RerunRequest, required=False) | {"parameters": [IDEMPOTENT, PREFER]},
)
async def rerun(digest_id: DigestId, request: Request, gateway: Parts, key: Caller) -> Response:
    """Answers with a job whose result compares the two, post by post."""
    asked = await bodies.read_optional(request, RerunRequest)
    wait = wanted_wait(request)
    await ask(gateway, GetDigest(owner=key.id, id=digest_id), Digest)
    payload = RerunDigest(owner=key.id, digest_id=digest_id, **asked.model_dump())
    accepted = await accept_job(request, gateway, key, payload, asked.model_dump())
    return await after_waiting(gateway, key.id, accepted, wait)


def wanted_format(accept: str) -> Format:
    """The first of our media types that an `Accept` header names; JSON if it names none."""
    named = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return next((MEDIA_TYPES[name] for name in named if name in MEDIA_TYPES), "json")
