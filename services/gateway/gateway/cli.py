"""`gateway api|worker|beat|migrate|keys`: every process of the gateway, and its API keys."""

import argparse
import asyncio
import logging
import socket
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from gateway.app import create_app
from gateway.service import Gateway
from gateway.settings import GatewaySettings
from gateway.store import keys
from gateway.worker import service
from warren import database, memory
from warren.errors import DatabaseUnavailable
from warren.telemetry import logs, metrics, traces
from warren.worker.service import run_beat, run_worker

STARTUP_FAILURE = 3
"""uvicorn's exit code for it."""
GOODBYE_SECONDS = 1.0
"""How long clients have to answer a goodbye."""

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    arguments = _parser().parse_args()
    try:
        settings = GatewaySettings()
    except ValidationError as error:
        sys.exit("\n".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()))
    match arguments.command:
        case "api":
            serve(create_app(settings), settings)
        case "worker":
            sys.exit(run_worker(service))
        case "beat":
            run_beat(service)
        case "migrate":
            database.migrate(settings.database_url.get_secret_value(), MIGRATIONS)
        case "keys":
            _manage_keys(arguments, settings)


def serve(app: FastAPI, settings: GatewaySettings) -> None:
    """Run the HTTP and WebSocket server until it is told to stop."""
    logs.configure("gateway", level=settings.log_level, format=settings.log_format)
    traces.configure("gateway", settings.otlp_endpoint)
    metrics.BUILD.info({"service": "gateway", "version": app.version})
    memory.settle()
    server = Server(app, settings)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


class Server(uvicorn.Server):
    """Has all streams say goodbye before their connections are closed, so that clients know to come back."""

    def __init__(self, app: FastAPI, settings: GatewaySettings) -> None:
        super().__init__(uvicorn.Config(app, **server_options(settings)))
        self._state = app.state

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        gateway: Gateway | None = getattr(self._state, "gateway", None)
        if gateway is not None:
            await gateway.places.leave()
            await self._last_words_heard()
        await super().shutdown(sockets)

    async def _last_words_heard(self) -> None:
        """Wait until clients have answered the goodbye: to close at once, while one still sends, resets its connection,
        and what it has not read yet is lost."""
        sockets = self.config.ws_protocol_class or ()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                while any(isinstance(one, sockets) for one in self.server_state.connections):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)


def server_options(settings: GatewaySettings) -> dict[str, Any]:
    """How uvicorn serves the application."""
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        # At INFO uvicorn logs the whole address of every WebSocket, with its ticket.
        "log_level": logging.WARNING,
        "access_log": False,
        "server_header": False,
        # A whole upload may come in one frame (base64), from earlier clients; other sockets have their own limits.
        "ws_max_size": settings.max_upload_bytes * 4 // 3 + 1_000_000,
        # The answer to a ping waits behind the audio that a client may not send faster than it is recognised.
        "ws_ping_timeout": 300.0,
        # Audio does not shrink, and each connection would keep buffers for it.
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": 5,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description="Warren's gateway.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("api", help="serve HTTP and WebSockets")
    commands.add_parser("worker", help="run housekeeping jobs")
    commands.add_parser("beat", help="send scheduled jobs")
    commands.add_parser("migrate", help="bring the database schema up to date")
    actions = commands.add_parser("keys", help="manage API keys").add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a key; its secret is printed once")
    create.add_argument("name", help="whose it is")
    create.add_argument("--scope", action="append", choices=keys.SCOPES, help="what it may do (default: all)")
    create.add_argument("--requests-per-minute", type=int, help="its own rate limit")
    actions.add_parser("list", help="show all keys")
    actions.add_parser("revoke", help="make a key useless").add_argument("id")
    return parser


def _manage_keys(arguments: argparse.Namespace, settings: GatewaySettings) -> None:
    try:
        asyncio.run(_keys(arguments, settings))
    except DatabaseUnavailable as error:
        sys.exit(f"PostgreSQL cannot be reached (WARREN_DATABASE_URL): {error}")


async def _keys(arguments: argparse.Namespace, settings: GatewaySettings) -> None:
    actions: dict[str, Any] = {"create": _create_key, "list": _list_keys, "revoke": _revoke_key}
    async with database.connect(settings.database_url.get_secret_value(), "warren-keys", pool_size=1) as store:
        call: Coroutine[Any, Any, None] = actions[arguments.action](store, arguments)
        await call


async def _create_key(store: database.Database, arguments: argparse.Namespace) -> None:
    async with store.transaction() as connection:
        key, secret = await keys.create(
            connection, arguments.name, arguments.scope or keys.SCOPES, arguments.requests_per_minute
        )
    print(f"{key.id}\n{secret}\nThis is the only time the key is shown.")


async def _list_keys(store: database.Database, _arguments: argparse.Namespace) -> None:
    async with store.transaction() as connection:
        for row in await keys.all_keys(connection):
            state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "active"
            print(f"{row.id}  {row.created_at:%Y-%m-%d}  {','.join(row.scopes):10}  {state:18}  {row.name}")


async def _revoke_key(store: database.Database, arguments: argparse.Namespace) -> None:
    async with store.transaction() as connection:
        revoked = await keys.revoke(connection, arguments.id)
    if not revoked:
        sys.exit(f"There is no active key {arguments.id!r}; `gateway keys list` shows them all.")
    print(f"{arguments.id} is revoked; it stops working within seconds.")
