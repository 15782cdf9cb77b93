"""Which processes the suite consists of. A new service is a new line here."""

import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from warren.embedded import free_port
from warren.embedded.server import EmbeddedServer
from warren_local.settings import LocalSettings


@dataclass(frozen=True)
class Line:
    """A process: `command` is a program of this environment with its arguments."""

    name: str
    command: str
    reports: bool = False
    """Whether it serves `/health/ready` on WARREN_METRICS_PORT."""


SET_UP = {
    "PostgreSQL": (
        Line("migrate", "gateway migrate"),
        Line("migrate", "analyzer migrate"),
        Line("migrate", "digest migrate"),
        Line("migrate", "warren migrate"),
    ),
    "RabbitMQ": (Line("topology", "warren topology declare"),),
}
"""Run before the processes: one after the other, as soon as the server they are for is up."""

PROCESSES = (
    Line("api", "gateway api"),
    Line("gateway", "gateway worker", reports=True),
    Line("beat", "gateway beat", reports=True),
    Line("analyzer", "analyzer worker", reports=True),
    Line("analyzer-bulk", "analyzer-bulk worker", reports=True),
    Line("streams", "transcriber-streams worker", reports=True),
    Line("files", "transcriber-files worker", reports=True),
    Line("digest", "digest worker", reports=True),
    Line("clock", "digest beat", reports=True),
)
"""Run until the end, restarted when they crash."""

FLOWER = Line("flower", "celery flower")


WIDTH = max(len(line.name) for line in (*PROCESSES, FLOWER, *(step for steps in SET_UP.values() for step in steps)))
"""Of the prefix of every printed line."""


@dataclass(frozen=True)
class Child:
    """A line with everything its process is given."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    ready_url: str | None = None


def set_up(server: str, environment: Mapping[str, str]) -> Iterator[Child]:
    """What has to end well, once the server of this name is up, before the processes start."""
    for line in SET_UP[server]:
        yield Child(line.name, _arguments(line), environment)


def processes(settings: LocalSettings, environment: Mapping[str, str]) -> Iterator[Child]:
    """What runs until the end."""
    for line in (*PROCESSES, *([FLOWER] if settings.flower else [])):
        own = dict(environment)
        ready_url = None
        if line.reports:
            port = free_port()
            own |= {"WARREN_METRICS_HOST": "127.0.0.1", "WARREN_METRICS_PORT": str(port)}
            ready_url = f"http://127.0.0.1:{port}/health/ready"
        elif line.name == "api":
            ready_url = f"{public_url(settings)}/health/ready"
        yield Child(line.name, _arguments(line), own, ready_url)


def child_environment(settings: LocalSettings, broker: EmbeddedServer, database: EmbeddedServer) -> dict[str, str]:
    """The settings of every process, on top of the caller's environment."""
    blobs = settings.data.absolute() / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    defaults = {"WARREN_LOG_FORMAT": "untimed", "WARREN_SHUTDOWN_GRACE_SECONDS": "3"}
    given = {
        "WARREN_BROKER_URL": broker.url,
        "WARREN_DATABASE_URL": database.url,
        "WARREN_BLOBS_URL": blobs.as_uri(),
        "WARREN_HOST": settings.host,
        "WARREN_PORT": str(settings.port),
        "WARREN_METRICS_PORT": "0",
        "PYTHONUNBUFFERED": "1",
    }
    if settings.flower:
        given |= {
            "WARREN_CELERY_EVENTS": "true",
            "CELERY_BROKER_URL": broker.url,
            "FLOWER_ADDRESS": "127.0.0.1",
            "FLOWER_PORT": str(settings.flower_port),
        }
    return defaults | os.environ | given


def metrics_urls(children: Iterable[Child]) -> dict[str, str]:
    """Where each process serves its metrics, by name."""
    return {child.name: child.ready_url.replace("/health/ready", "/metrics") for child in children if child.ready_url}


def operator_script(environment: Mapping[str, str]) -> str:
    """Shell commands after which an operator's programs are found and reach the running suite."""
    servers = ("WARREN_BROKER_URL", "WARREN_DATABASE_URL", "WARREN_BLOBS_URL")
    programs = Path(sys.executable).parent
    lines = [f"export {name}={shlex.quote(environment[name])}" for name in servers]
    return "\n".join([*lines, f'export PATH={shlex.quote(str(programs))}:"$PATH"', ""])


def public_url(settings: LocalSettings) -> str:
    """Where a browser on this machine finds the console."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  # nosec B104
    return f"http://{host}:{settings.port}"


def _arguments(line: Line) -> tuple[str, ...]:
    program, *arguments = line.command.split()
    return str(Path(sys.executable).parent / program), *arguments
