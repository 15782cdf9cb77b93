"""A client of `WS /v1/audio/stream`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection

from .support import RunningGateway, receive

PATH = "/v1/audio/stream"


@asynccontextmanager
async def streaming(
    gateway: RunningGateway, query: str = "", **options: Any
) -> AsyncIterator[tuple[ClientConnection, dict[str, Any]]]:
    """An open stream and its `ready`."""
    async with gateway.connect(f"{PATH}?{query}", **options) as socket:
        ready = await receive(socket)
        assert ready["type"] == "ready", ready
        yield socket, ready


async def until_type(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """All messages up to the first of this type."""
    heard = [await receive(socket)]
    while heard[-1]["type"] != kind:
        heard.append(await receive(socket))
    return heard


def only(kind: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] == kind]


def finals(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in only("transcript", messages) if message["final"]]
