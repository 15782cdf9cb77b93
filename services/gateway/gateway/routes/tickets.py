"""Tickets: a key traded for a short-lived secret that may stand in a WebSocket's address."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway import schemas
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.openapi import answers
from gateway.store import keys

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


@router.post("", status_code=201, summary="Get a ticket for a WebSocket", responses=answers(schemas.Ticket, 201))
async def create(gateway: Parts, key: Caller) -> Response:
    """Good for one connection, within a minute: `WS /v1/events?ticket=…`."""
    async with gateway.database.transaction() as connection:
        ticket = await keys.create_ticket(connection, key.id)
    return Answer({"object": "ticket", "ticket": ticket, "expires_in": keys.TICKET_SECONDS}, 201)
