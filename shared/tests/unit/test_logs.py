"""What is logged."""

import subprocess
import sys

import pytest

SCRIPT = """
import logging
from openai import DefaultHttpxClient
from warren.telemetry import logs

logs.configure("test")
library = DefaultHttpxClient.__bases__[0].__module__.partition(".")[0]
logging.getLogger(library).info("each request")
logging.getLogger("anything").info("heard")
"""


def test_the_http_library_of_the_language_model_does_not_log_each_request() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    assert "heard" in done.stderr
    assert "each request" not in done.stderr


@pytest.mark.parametrize(("format_", "timed"), [("console", True), ("untimed", False)])
def test_a_line_has_its_time_unless_something_else_adds_it(format_: str, timed: bool) -> None:
    script = f"import structlog; from warren.telemetry import logs; logs.configure('t', format={format_!r})"
    script += "; structlog.get_logger().info('heard', a=1)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert "heard" in done.stderr
    assert done.stderr.startswith("20") is timed
