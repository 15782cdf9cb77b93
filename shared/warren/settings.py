"""Settings every process has. A service subclasses `Settings` and adds its own; each is an environment variable."""

import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "WARREN_"


class FileSecrets(PydanticBaseSettingsSource):
    """Reads `WARREN_X_FILE` for any setting `WARREN_X`: a mounted file keeps a secret out of the environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        for name in _environment_names(field, field_name):
            path = os.environ.get(f"{name}_FILE")
            if path:
                return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            value, _, _ = self.get_field_value(field, name)
            if value is not None:
                found[_environment_names(field, name)[0] if field.validation_alias else name] = value
        return found


def _environment_names(field: FieldInfo, name: str) -> list[str]:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [str(alias)] if alias else [PREFIX + name.upper()]


def env(name: str, *earlier: str) -> AliasChoices:
    """The environment names of a setting: `WARREN_` + name, then the names earlier systems used."""
    return AliasChoices(PREFIX + name, *earlier)


class Settings(BaseSettings):
    """What every process needs to know. Units are in the names or the descriptions."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        populate_by_name=True,
        frozen=True,
        hide_input_in_errors=True,  # an error about one setting must not show the password in another
    )

    broker_url: SecretStr = Field(
        SecretStr("amqp://guest:guest@127.0.0.1:5672/"), description="RabbitMQ, with user, password and virtual host"
    )
    database_url: SecretStr = Field(
        SecretStr("postgresql+asyncpg://postgres@127.0.0.1:5432/warren"),
        description="PostgreSQL, as SQLAlchemy writes it",
    )
    blobs_url: str = Field("file:///var/lib/warren/blobs", description="Where files are kept: file:// or s3://")
    log_level: str = Field(
        "INFO",
        pattern="(?i)^(debug|info|warning|error|critical)$",
        validation_alias=env("LOG_LEVEL", "LOG_LEVEL"),
        description="DEBUG, INFO, WARNING, ERROR, CRITICAL",
    )
    log_format: str = Field(
        "json",
        pattern="^(json|console|untimed)$",
        description="json for machines, console for people; untimed: the same, where something else adds the time",
    )
    metrics_host: str = Field("127.0.0.1", description="Address on which a worker serves /metrics and /health")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port for that; 0 serves nothing")
    heartbeat_file: str = Field(
        "", description="File that a worker or a clock touches while it moves, for `python -m warren.telemetry.probe`"
    )
    otlp_endpoint: str = Field(
        "", description="OpenTelemetry collector for traces (OTLP over HTTP); empty exports nothing"
    )
    worker_concurrency: int = Field(8, ge=1, le=1000, description="Jobs one worker process runs at a time")
    celery_events: bool = Field(
        False, description="Send Celery's task events, which Flower shows and a dispatch pays for"
    )
    shutdown_grace_seconds: float = Field(
        20.0, ge=0, description="How long a stopping worker lets its jobs finish before it hands them back to the queue"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FileSecrets(settings_cls)


class AudioSettings(Settings):
    """What the gateway and the transcriber have to agree on about live audio."""

    streams_per_worker: int = Field(
        64, ge=1, le=1000, description="Live streams one stream worker takes; together they are the suite's capacity"
    )
    stream_idle_seconds: float = Field(
        30.0, gt=0, description="A live stream of which nothing is heard for so long ends; until then it can be resumed"
    )
    max_audio_size: int = Field(
        1_048_576, ge=1, validation_alias=env("MAX_AUDIO_SIZE", "MAX_AUDIO_SIZE"), description="Largest chunk, in bytes"
    )


class BrokerUsers(Settings):
    """What `warren topology users` needs to know. A user without a password is left as it is."""

    broker_api_url: SecretStr = Field(
        SecretStr("http://guest:guest@127.0.0.1:15672"),
        description="RabbitMQ's management API, with an administrator and password",
    )
    broker_password_gateway: SecretStr = Field(SecretStr(""), description="Password of RabbitMQ's user `gateway`")
    broker_password_analyzer: SecretStr = Field(SecretStr(""), description="… `analyzer`")
    broker_password_transcriber: SecretStr = Field(SecretStr(""), description="… `transcriber`")
    broker_password_digest: SecretStr = Field(SecretStr(""), description="… `digest`")
    broker_password_flower: SecretStr = Field(SecretStr(""), description="… `flower`, which sees Celery's events")
    broker_password_monitor: SecretStr = Field(SecretStr(""), description="… `monitor`, which sees queues' lengths")

    def passwords(self) -> dict[str, str]:
        """Password of each user."""
        start = "broker_password_"
        fields = {name.removeprefix(start): name for name in type(self).model_fields if name.startswith(start)}
        return {user: getattr(self, name).get_secret_value() for user, name in fields.items()}
