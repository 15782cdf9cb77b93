"""The gateway as it is, with one more route: a POST that accepts a script."""

from typing import Any

from fastapi import FastAPI

from gateway.app import create_app
from gateway.auth import Caller, Parts
from gateway.cli import serve
from gateway.settings import GatewaySettings
from warren.testing.script import Script


def make(settings: GatewaySettings) -> FastAPI:
    app = create_app(settings)

    @app.post("/test/scripts", status_code=202)
    async def submit(script: Script, gateway: Parts, key: Caller) -> dict[str, Any]:
        row = await gateway.submit(script, key.id)
        return {"id": row["id"]}

    return app


if __name__ == "__main__":
    given = GatewaySettings()
    serve(make(given), given)
