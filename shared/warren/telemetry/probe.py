"""`python -m warren.telemetry.probe`: is the worker or the clock of this container alive? Exit code 0 or 1.

Standard library only, for a probe runs often.

Alive means: the file WARREN_HEARTBEAT_FILE was touched within `FRESH_SECONDS`, or RabbitMQ cannot be reached, in which
case a restart would help nobody.
"""

import os
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

FRESH_SECONDS = 30.0
CONNECT_SECONDS = 2.0


def main() -> int:
    age = _age(os.environ["WARREN_HEARTBEAT_FILE"])
    if age < FRESH_SECONDS or not _reachable(_broker_url()):
        return 0
    print(f"nothing moved for {age:.0f} s, and RabbitMQ is there", file=sys.stderr)
    return 1


def _age(path: str) -> float:
    """Seconds since the file was touched; infinite if it never was."""
    try:
        return time.time() - Path(path).stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _broker_url() -> str:
    if file := os.environ.get("WARREN_BROKER_URL_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    return os.environ["WARREN_BROKER_URL"]


def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    try:
        port = parts.port or (5671 if parts.scheme == "amqps" else 5672)
        socket.create_connection((parts.hostname or "127.0.0.1", port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
