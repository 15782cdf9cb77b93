"""Tickets: a key traded for a short-lived secret that may stand in a WebSocket's address."""

from typing import Any

from fastapi import APIRouter

from gateway.auth import Caller, Parts
from gateway.store import keys

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


@router.post("", status_code=201, summary="Get a ticket for a WebSocket")
async def create(gateway: Parts, key: Caller) -> dict[str, Any]:
    """Good for one connection, within a minute: `WS /v1/events?ticket=…`."""
    async with gateway.database.transaction() as connection:
        ticket = await keys.create_ticket(connection, key.id)
    return {"object": "ticket", "ticket": ticket, "expires_in": keys.TICKET_SECONDS}
