"""Reads an uploaded file in a locked fork: its parsers are exposed to bytes that anybody may have sent."""

import errno
import os
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa

from analyzer.reading import UnreadableFile, profile_frame, read_table
from analyzer.sandbox.wire import PrepareReply, Request


def prepare(request: Request, source: int, target: int) -> PrepareReply:
    """Read the file open as `source`, write it to `target` as an uncompressed Arrow IPC file."""
    # Opened by its number it is the file that the worker meant, and found where its folder cannot be seen.
    path = Path(f"/proc/self/fd/{source}") if sys.platform == "linux" else Path(request.source)
    try:
        frame, report = read_table(path, name=request.name, sheet=request.sheet)
        profile = profile_frame(frame)
        _write(frame, target)
    except UnreadableFile as error:
        return PrepareReply(outcome="unreadable", code=error.code, error=error.message)
    except MemoryError:
        return PrepareReply(outcome="memory")
    except OSError as error:
        if error.errno == errno.EFBIG:
            return PrepareReply(outcome="output")
        raise
    return PrepareReply(outcome="ok", report=report, profile=profile)


def _write(frame: pd.DataFrame, target: int) -> None:
    with os.fdopen(target, "wb") as file, pa.PythonFile(file, mode="w") as sink:
        table = pa.Table.from_pandas(frame, nthreads=1)
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
