"""Posts: `/v1/posts`."""

import json
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from gateway import digest_schemas, posts
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.openapi import ID_PATTERN, answers, errors, json_body
from gateway.routes.paging import After, Limit, listed
from warren.contracts.digest_queries import DeletePost, ExplainPost, GetPost, ListPosts
from warren.contracts.digest_records import Deleted, FateState, Post, PostFate, Posts

router = APIRouter(prefix="/v1/posts", tags=["posts"])

EXAMPLE = {
    "external_id": "17",
    "url": "https://example.org/17",
    "title": "Tides explained",
    "text": "Tides follow the moon.",
    "published_at": "2026-01-02T03:04:05Z",
}

PostId = Annotated[str, Path(pattern=ID_PATTERN)]
Id = Annotated[str, Query(pattern=ID_PATTERN)]


@router.post(
    "",
    summary="Add posts to a channel",
    responses=answers(digest_schemas.PostsReport, 200) | errors(404, 413, 415),
    openapi_extra=json_body(posts.PostsRequest, example={"posts": [EXAMPLE]}, lines=f"{json.dumps(EXAMPLE)}\n"),
)
async def create(channel_id: Id, request: Request, gateway: Parts, key: Caller) -> Response:
    """Up to 10,000: lines of JSON (`application/x-ndjson`), a post each, or one JSON document of up to a megabyte.

    A post that does not fit is rejected by itself. One whose `external_id` or `url` the channel has is a duplicate, so
    that to send the same again does no harm.
    """
    return Answer(await posts.deliver(request, gateway, key.id, channel_id))


@router.get("", summary="List posts, newest first", responses=answers(digest_schemas.PostList, 200) | errors(404))
async def listing(
    gateway: Parts,
    key: Caller,
    channel_id: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    bot_id: Annotated[str | None, Query(pattern=ID_PATTERN, description="Only of its channels")] = None,
    state: Annotated[FateState | None, Query(description="What the bot has made of them; needs `bot_id`")] = None,
    limit: Limit = 20,
    after: After = None,
) -> Response:
    """Long texts are cut: `truncated` says so, and the post itself has the whole."""
    query = ListPosts(owner=key.id, channel_id=channel_id, bot_id=bot_id, state=state, limit=limit, after=after)
    return listed(await ask(gateway, query, Posts))


@router.get("/{post_id}", summary="Look at a post", responses=answers(Post, 200) | errors(404))
async def get(post_id: PostId, gateway: Parts, key: Caller) -> Response:
    return Answer(await ask(gateway, GetPost(owner=key.id, id=post_id), Post))


@router.delete("/{post_id}", status_code=204, summary="Delete a post", responses=errors(404))
async def delete(post_id: PostId, gateway: Parts, key: Caller) -> None:
    await ask(gateway, DeletePost(owner=key.id, id=post_id), Deleted)


@router.get(
    "/{post_id}/fate",
    summary="Why was this post dropped, or taken?",
    responses=answers(PostFate, 200) | errors(404),
)
async def fate(post_id: PostId, bot_id: Id, gateway: Parts, key: Caller) -> Response:
    """What a bot has made of a post, and why."""
    return Answer(await ask(gateway, ExplainPost(owner=key.id, id=post_id, bot_id=bot_id), PostFate))
