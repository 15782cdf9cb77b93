"""The probe of workers and clocks: it asks for a restart only where one would help."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from warren.embedded import free_port


@pytest.fixture
def broker() -> Iterator[str]:
    """Something that listens where RabbitMQ would."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"amqp://user:secret@127.0.0.1:{server.getsockname()[1]}/warren"


@pytest.fixture
def heartbeat(tmp_path: Path) -> Path:
    return tmp_path / "heartbeat"


def probe(heartbeat: Path, **environment: str) -> int:
    command = [sys.executable, "-m", "warren.telemetry.probe"]
    given = {**os.environ, "WARREN_HEARTBEAT_FILE": str(heartbeat), **environment}
    return subprocess.run(command, env=given, capture_output=True, check=False).returncode


def test_who_moves_is_alive(heartbeat: Path, broker: str) -> None:
    heartbeat.touch()
    assert probe(heartbeat, WARREN_BROKER_URL=broker) == 0


def test_who_stands_still_is_not(heartbeat: Path, broker: str, tmp_path: Path) -> None:
    assert probe(heartbeat, WARREN_BROKER_URL=broker) == 1, "it never moved"
    heartbeat.touch()
    os.utime(heartbeat, (time.time() - 100,) * 2)
    (tmp_path / "url").write_text(broker + "\n")
    assert probe(heartbeat, WARREN_BROKER_URL_FILE=str(tmp_path / "url")) == 1


def test_while_rabbitmq_is_away_nobody_is_restarted(heartbeat: Path) -> None:
    assert probe(heartbeat, WARREN_BROKER_URL=f"amqp://user:secret@127.0.0.1:{free_port()}/") == 0


def test_the_probe_loads_nothing_but_the_standard_library() -> None:
    script = "import sys, warren.telemetry.probe; print([m for m in sys.modules if m.split('.')[0] == 'pydantic'])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
