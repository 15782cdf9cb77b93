"""What is known of a person who chats: `/v1/users`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints

from gateway import bodies, digest_schemas, views
from gateway.answers import Answer
from gateway.asking import ask
from gateway.auth import Caller, Parts
from gateway.openapi import ID_PATTERN, answers, errors, json_body
from warren.contracts.chat import (
    MarkedRead,
    MarkRead,
    Recommendations,
    RecommendationsQuery,
    UserTopic,
    UserTopicQuery,
)

router = APIRouter(prefix="/v1/users", tags=["chat"])

USER_PATTERN = r"^[^\x00-\x20\x7f/?#\\][^\x00-\x1f\x7f/?#\\]{0,199}$"
"""What may stand in an address: no control characters, and nothing that ends a part of a path."""
UserId = Annotated[str, Path(pattern=USER_PATTERN)]


class ReadRequest(BaseModel):
    """What a person has read."""

    item_ids: list[Annotated[str, StringConstraints(pattern=ID_PATTERN)]] = Field(min_length=1, max_length=100)


@router.get("/{user_id}/topic", summary="What a person is talking about", responses=answers(UserTopic, 200))
async def topic(user_id: UserId, gateway: Parts, key: Caller) -> Response:
    """`topic` is null when nothing was said within the hour."""
    return Answer(await ask(gateway, UserTopicQuery(owner=key.id, user_id=user_id), UserTopic))


@router.get(
    "/{user_id}/recommendations",
    summary="What a person may like to read",
    responses=answers(digest_schemas.RecommendationList, 200),
)
async def recommendations(
    user_id: UserId, gateway: Parts, key: Caller, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Response:
    """Best first, never what was read, each with its reason. `stale`: the content is of an earlier day."""
    query = RecommendationsQuery(owner=key.id, user_id=user_id, limit=limit)
    found = await ask(gateway, query, Recommendations)
    return Answer(views.complete_list(found.items, **found.model_dump(exclude={"items"})))


@router.post(
    "/{user_id}/read",
    summary="Note what a person has read",
    responses=answers(MarkedRead, 200) | errors(413, 415),
    openapi_extra=json_body(ReadRequest),
)
async def read(user_id: UserId, request: Request, gateway: Parts, key: Caller) -> Response:
    """It is never recommended to that person again. To say so twice does no harm."""
    asked = await bodies.read(request, ReadRequest)
    query = MarkRead(owner=key.id, user_id=user_id, item_ids=tuple(asked.item_ids))
    return Answer(await ask(gateway, query, MarkedRead))
