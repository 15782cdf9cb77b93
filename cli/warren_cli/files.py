"""Files to send: a path, or `-` for standard input."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from warren_cli.errors import CommandError, Exit

STANDARD_INPUT = "-"


@contextmanager
def opened(name: str) -> Iterator[tuple[str, BinaryIO]]:
    """The file, and what to call it. Raises `CommandError` when there is none to read."""
    if name == STANDARD_INPUT:
        if sys.stdin.isatty():
            raise CommandError("- reads a file from standard input: pipe one in, or give its name.", Exit.USAGE)
        # A form's length is told before it is sent, so what comes through a pipe is gathered first, on disk.
        with tempfile.TemporaryFile() as gathered:
            shutil.copyfileobj(sys.stdin.buffer, gathered)
            gathered.seek(0)
            yield "standard-input", gathered
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115  # closed below, outside of what is caught here
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.", Exit.USAGE) from None
    with file:
        yield Path(name).name, file
