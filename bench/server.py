"""The gateway as it is, with two more routes: a POST that does nothing, and one that accepts a job that does nothing."""

from typing import Any

from fastapi import FastAPI
from noop import NoOp

from gateway.app import create_app
from gateway.auth import Caller, Parts
from gateway.settings import GatewaySettings


def make() -> FastAPI:
    app = create_app(GatewaySettings())

    @app.post("/bench/noop")
    async def noop() -> dict[str, Any]:
        return {"id": "job", "status": "queued"}

    @app.post("/bench/jobs", status_code=202)
    async def submit(gateway: Parts, key: Caller) -> dict[str, Any]:
        async with gateway.database.transaction() as connection:
            row = await gateway.insert(connection, NoOp(), key.id)
        gateway.publish(row)
        return {"id": row["id"], "status": row["status"]}

    return app
