"""The ASGI application: the whole public face of Warren on one screen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.requests import ClientDisconnect

from gateway import asyncapi, openapi, problems
from gateway.answers import Answer
from gateway.auth import KeyCache
from gateway.bootstrap import bootstrap
from gateway.compat import analyst, debug
from gateway.compat import chat as earlier_chat
from gateway.compat import digest as earlier_digest
from gateway.compat import texts as earlier_texts
from gateway.guard import LocalOnly
from gateway.measure import Measure
from gateway.routes import (
    analyses,
    audio,
    bots,
    channels,
    chat,
    content,
    digests,
    feeds,
    files,
    health,
    jobs,
    orchestrator,
    posts,
    sessions,
    texts,
    tickets,
    transcriptions,
    users,
)
from gateway.settings import GatewaySettings
from gateway.streams import events
from gateway.streams.audio import deepgram, earlier, native
from gateway.uploads import BodyLimit

EXPOSED_HEADERS = ["Idempotency-Replayed", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"]
"""What scripts of other sites' pages may read besides the body."""

CONSOLE = Path(__file__).parent / "console"


def create_app(settings: GatewaySettings) -> FastAPI:
    """Nothing is opened before the application's lifespan starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with bootstrap(settings) as gateway:
            app.state.gateway = gateway
            yield

    # Offline: FastAPI's own page of the API loads its scripts from elsewhere.
    app = FastAPIOffline(
        redoc_url=None,
        title="Warren",
        version=version("warren-gateway"),
        lifespan=lifespan,
        generate_unique_id_function=openapi.operation_id,
        # Metrics and logs are ours; without a collector it would look for one at each request.
        telemetry={"tracing": bool(settings.otlp_endpoint), "metrics": False, "logs": False},
    )
    app.openapi = lambda: openapi.describe(app)  # type: ignore[method-assign]
    app.state.keys = KeyCache()
    for router in (
        sessions.router, files.router, analyses.router, jobs.router, tickets.router, events.router,
        health.router, analyst.router, asyncapi.router,
        transcriptions.router, audio.router, native.router, earlier.router, deepgram.router,
        bots.router, feeds.router, channels.router, posts.router, digests.router, orchestrator.router,
        chat.router, users.router, content.router, earlier_digest.router, earlier_chat.router,
        texts.router, earlier_texts.router,
        *([debug.router] if settings.debug else []),
    ):  # fmt: skip
        # Side by side instead of included: FastAPI would look twice for the route of each request.
        app.router.routes.extend(router.routes)
    app.mount("/console", Assets(directory=CONSOLE), name="console")
    app.add_api_route("/", console, methods=["GET", "HEAD"], include_in_schema=False)
    for error in problems.HANDLED:
        app.add_exception_handler(error, problems.answer)
    app.add_exception_handler(ClientDisconnect, problems.nobody_hears)
    streamed = {f"{texts.router.prefix}/batch": settings.max_batch_bytes}
    app.add_middleware(BodyLimit, max_file_bytes=settings.max_upload_bytes, streamed=streamed)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    if settings.auth == "off":
        app.add_middleware(LocalOnly, settings=settings)
    app.add_middleware(Measure)
    return app


class Assets(StaticFiles):
    """The console's files. A browser asks again for each, so that an upgrade never mixes old and new modules."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


async def console(request: Request) -> Response:
    """The console's page, which may load nothing from elsewhere."""
    wanted = request.headers.get("Accept", "")
    if "application/json" in wanted and "text/html" not in wanted:
        # How the earlier live transcription's clients see that it runs.
        return Answer({"message": "WebSocket Service is running"}, headers={"Vary": "Accept"})
    policy = (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
        "Vary": "Accept",
    }
    return FileResponse(CONSOLE / "index.html", headers=headers)
