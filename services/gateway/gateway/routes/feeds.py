"""A bot's digests as an Atom feed, for feed readers."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from gateway import auth
from gateway.asking import ask
from gateway.auth import Parts
from gateway.openapi import errors
from gateway.routes.bots import BotId
from gateway.store.keys import LOCAL
from warren.contracts.digest_queries import GetFeed
from warren.contracts.digest_records import Rendering

router = APIRouter(prefix="/v1/bots", tags=["bots"])

ATOM = "application/atom+xml"
FRESH_SECONDS = 300


@router.get(
    "/{bot_id}/feed.atom",
    summary="A bot's digests as an Atom feed",
    response_class=Response,
    responses={
        200: {"description": "The feed", "content": {ATOM: {"schema": {"type": "string"}}}},
        304: {"description": "Nothing new"},
        **errors(404),
    },
)
async def feed(
    bot_id: BotId,
    request: Request,
    gateway: Parts,
    token: Annotated[
        str | None, Query(pattern="^[A-Za-z0-9_-]{1,200}$", description="Of the bot's `feed_url`, instead of a key")
    ] = None,
) -> Response:
    """Feed readers send no key: a bot's `feed_url` has a token that opens this feed and nothing else."""
    if token is None:
        owner = (await auth.caller(request)).id
    else:
        owner = None
        request.state.headers = auth.count(gateway, LOCAL, request)
    base = str(request.base_url).rstrip("/")
    query = GetFeed(
        bot_id=bot_id,
        owner=owner,
        token=token,
        # With the token: readers come back to the address that the feed says it has.
        url=f"{base}{request.url.path}{f'?token={token}' if token else ''}",
        digest_url=f"{base}/#/digests/{{id}}",
    )
    rendering = await ask(gateway, query, Rendering)
    tag = f'"{hashlib.sha256(rendering.text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"private, max-age={FRESH_SECONDS}"}
    if tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(rendering.text, media_type=rendering.media_type, headers=headers)
