"""Three attacks that are tried on the sandbox itself at every start, without the gate: all of them have to fail."""

from pathlib import Path

ESCAPED = "escaped"
"""What an attack that succeeds leaves in `result`."""


def canaries(secret: Path, pid: int) -> dict[str, str]:
    """The attacks by name. `secret` is a file that the worker can read, `pid` the worker's process id."""
    return {
        "reading a file or the worker's environment": f"""
import os
for path in ({str(secret)!r}, "/proc/{pid}/environ"):
    try:
        with open(path, "rb") as file:
            file.read(1)
        result = {ESCAPED!r}
    except OSError:
        pass
""",
        "starting a process": f"""
import os
try:
    child = os.fork()
    if child == 0:
        os._exit(0)
    result = {ESCAPED!r}
except OSError:
    pass
""",
        "opening a socket": f"""
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            socket.socket(family, kind)
            result = {ESCAPED!r}
        except OSError:
            pass
""",
    }
