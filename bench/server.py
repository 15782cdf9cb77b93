"""The gateway as it is, with two more routes: a POST that does nothing, and one that accepts a no-op job."""

import sys
from typing import Any

from fastapi import FastAPI

from bench.noop import NoOp, Ticks
from gateway.app import create_app
from gateway.auth import Caller, Parts
from gateway.cli import serve
from gateway.settings import GatewaySettings


def make(settings: GatewaySettings) -> FastAPI:
    app = create_app(settings)

    @app.post("/bench/noop")
    async def noop() -> dict[str, Any]:
        return {"id": "job", "status": "queued"}

    @app.post("/bench/jobs", status_code=202)
    async def submit(gateway: Parts, key: Caller) -> dict[str, Any]:
        row = await gateway.submit(NoOp(), key.id)
        return {"id": row["id"], "status": row["status"]}

    @app.post("/bench/ticks", status_code=202)
    async def talk(gateway: Parts, key: Caller) -> dict[str, Any]:
        row = await gateway.submit(Ticks(count=200, every_seconds=0.02), key.id)
        return {"id": row["id"], "status": row["status"]}

    return app


if __name__ == "__main__":
    given = GatewaySettings(port=int(sys.argv[1]))
    serve(make(given), given)
