"""What `make run` can be told. The gateway's settings count too: WARREN_HOST, WARREN_PORT and all others."""

from pathlib import Path

from pydantic import Field

from gateway.settings import GatewaySettings


class LocalSettings(GatewaySettings):
    """Settings of the whole suite on one machine."""

    data: Path = Field(Path(".warren"), description="Where RabbitMQ, PostgreSQL, files and logs are kept")
    flower: bool = Field(False, description="Also run Flower, the web page that shows Celery's workers and tasks")
    flower_port: int = Field(5555, ge=1, le=65535, description="Port of Flower, on 127.0.0.1")
