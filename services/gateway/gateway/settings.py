"""Settings of the gateway."""

from pydantic import Field, model_validator

from warren.settings import AudioSettings, env

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class GatewaySettings(AudioSettings):
    """What the gateway's processes need beyond `warren.settings`."""

    host: str = Field("127.0.0.1", validation_alias=env("HOST", "HOST"), description="Address to listen on")
    port: int = Field(8000, ge=0, le=65535, validation_alias=env("PORT", "PORT", "APP_PORT"))
    auth: str = Field("off", pattern="^(off|keys)$", description="keys: every call needs an API key; off: a laptop")
    private_network: bool = Field(
        False,
        description="Only this machine reaches the gateway, though it listens beyond 127.0.0.1: in a container whose "
        "port is published there",
    )
    cors_origins: list[str] = Field(
        default_factory=list, description="Origins of other sites' pages that may call the API and open WebSockets"
    )
    allowed_hosts: list[str] = Field(
        default_factory=list,
        description="Names, besides localhost, by which this gateway may be called while it asks for no keys",
    )
    session_expire_seconds: int = Field(
        3600,
        ge=1,
        validation_alias=env("SESSION_EXPIRE_SECONDS", "SESSION_EXPIRE_SECONDS"),
        description="A session ends this long after its last use, and its files are deleted",
    )
    job_expire_seconds: int = Field(86_400, ge=1, description="A job nobody finished by then is ended as expired")
    job_keep_seconds: int = Field(
        7 * 86_400, ge=60, description="Finished jobs, their events and artifacts are kept this long"
    )
    max_upload_bytes: int = Field(100 * 1024 * 1024, ge=1, description="Largest file of an upload")
    max_batch_bytes: int = Field(4 * 1024**3, ge=1, description="Largest file of texts, which streams to the store")
    requests_per_minute: int = Field(600, ge=1, description="Calls of one API key, or of one address without keys")
    max_sockets_per_key: int = Field(
        200, ge=1, description="Event streams and WebSockets one key may hold on one replica"
    )
    max_watches_per_socket: int = Field(500, ge=1, description="Jobs one WebSocket may watch at a time")
    unsent_sweep_seconds: float = Field(
        2.0, gt=0, description="How often jobs that RabbitMQ did not take are tried again"
    )
    inline: bool = Field(False, description="Run jobs in this process, for a debugger; no worker needed")
    debug: bool = Field(False, description="Serve the debug endpoints of earlier clients")

    @model_validator(mode="after")
    def _guarded(self) -> "GatewaySettings":
        if self.auth == "off" and self.host not in LOOPBACK and not self.private_network:
            raise ValueError(
                f"WARREN_HOST={self.host} would let anybody in: set WARREN_AUTH=keys (and create one with "
                "`gateway keys create`), or listen on 127.0.0.1"
            )
        return self
