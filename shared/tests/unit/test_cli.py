"""`warren` at an operator's terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("warren")


@pytest.mark.parametrize("command", ["topology declare", "dead list"])
def test_a_broker_that_is_away_is_one_sentence(command: str) -> None:
    done = subprocess.run(
        [PROGRAM, *command.split()], env={"WARREN_BROKER_URL": "amqp://a:b@127.0.0.1:1/"},
        capture_output=True, text=True, timeout=12, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("RabbitMQ cannot be reached (WARREN_BROKER_URL): ")
    assert done.stderr.count("\n") == 1
