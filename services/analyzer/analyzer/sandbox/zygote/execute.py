"""Runs the code of an analysis in a locked fork and collects what it left: answer, value, tables, figures, output."""

import io
import mmap
import sys
from types import CodeType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.reading.cells import label, to_cell, to_table
from analyzer.sandbox.limits import Layer
from analyzer.sandbox.wire import MAX_STDOUT, Picture, Request, RunReply, WireTable
from analyzer.sandbox.zygote import gate
from analyzer.sandbox.zygote.explain import explain, line_of
from analyzer.sandbox.zygote.figures import Drawing, FigureCollector
from warren.contracts.analyzer import Cell, Table


class _Output(io.StringIO):
    """Keeps the beginning of what is printed, and forgets the rest."""

    def write(self, text: str) -> int:
        room = MAX_STDOUT - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


def execute(request: Request, descriptor: int | None = None) -> tuple[RunReply, list[bytes]]:
    """Run the code on the frame open as `descriptor`, or on an empty one. Gives the reply and, apart, the pictures.

    Whatever the code does wrong is told in the reply.
    """
    output = _Output()
    sys.stdout = output
    df = pd.DataFrame() if descriptor is None else load_frame(descriptor)
    names: dict[str, Any] = {"__name__": "analysis", "df": df, "pd": pd, "np": np, "plt": plt}
    figures = FigureCollector(request.pictures)
    try:
        with figures:
            exec(_compile(request), names)  # noqa: S102  # nosec B102: what the sandbox is for
            drawings = figures.drawings()
        value, tables = _results(names)
        answer = names.get("answer")
        reply = RunReply(
            outcome="ok",
            answer=None if answer is None else str(answer),
            value=value,
            tables=tuple(map(_to_wire, tables)),
            pictures=tuple(_to_picture(drawing) for drawing in drawings),
            stdout=output.getvalue(),
        )
        return reply, [drawing.png for drawing in drawings]
    except gate.Refused as refusal:
        return RunReply(outcome="refused", error=str(refusal), line=refusal.line), []
    except MemoryError as error:
        names.clear()
        line = line_of(error)
        return RunReply(outcome="memory", error="MemoryError: the code needs too much memory", line=line), []
    except BaseException as error:  # noqa: BLE001  the code may raise anything, SystemExit too
        frame = names.get("df")
        text = explain(error, frame if isinstance(frame, pd.DataFrame) else df)
        return RunReply(outcome="error", error=text, line=line_of(error), stdout=output.getvalue()), []


def load_frame(descriptor: int) -> pd.DataFrame:
    """The frame in an uncompressed Arrow IPC file. Text stays in the page cache, for all runs; numbers are copied."""
    pages = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
    options = pa.ipc.IpcReadOptions(use_threads=False)
    table = pa.ipc.open_file(pa.py_buffer(pages), options=options).read_all()
    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    return frame


def _compile(request: Request) -> CodeType:
    if Layer.gate in request.layers:
        return gate.check(request.code)
    return compile(request.code, gate.FILE_NAME, "exec")


def _results(names: dict[str, Any]) -> tuple[Cell, list[Table]]:
    """The scalar in `result`, if it is one; the tables in `result` and in `tables`."""
    result = names.get("result")
    tables = [] if result is None else _tables_of(result)
    value = None if tables else to_cell(result)
    extra = names.get("tables")
    if extra is not None and not isinstance(extra, dict):
        raise TypeError("tables has to be a dict of title → DataFrame")
    for title, content in (extra or {}).items():
        for table in _tables_of(content) or [to_table(pd.Series([content]))]:
            tables.append(table.model_copy(update={"title": label(title)}))
    return value, tables


def _tables_of(value: Any) -> list[Table]:
    """What holds several values, as tables; an empty list for a scalar."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return [to_table(value)]
    if isinstance(value, dict):
        return _tables_of_dict(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return []
    if isinstance(value, set | frozenset):
        value = list(value)
    if isinstance(value, pd.Index | pd.api.extensions.ExtensionArray | np.ndarray | list | tuple):
        return [to_table(_frame_of_sequence(value))]
    return []


def _tables_of_dict(value: dict[Any, Any]) -> list[Table]:
    if value and all(isinstance(part, pd.DataFrame | pd.Series) for part in value.values()):
        return [to_table(part, title=label(title)) for title, part in value.items()]
    if value and all(isinstance(part, dict | list | tuple | np.ndarray) for part in value.values()):
        try:
            return [to_table(pd.DataFrame(value))]
        except ValueError:  # lists of different lengths
            pass
    return [to_table(pd.DataFrame({"key": list(value), "value": list(value.values())}))]


def _frame_of_sequence(value: Any) -> pd.DataFrame:
    items = value.tolist() if hasattr(value, "tolist") else list(value)
    if items and all(isinstance(item, dict | list | tuple) for item in items):
        return pd.DataFrame(items)
    return pd.DataFrame({"value": items})


def _to_wire(table: Table) -> WireTable:
    # Without validation: here the code could undo it anyway, and the worker checks.
    return WireTable.model_construct(
        title=table.title, columns=table.columns, rows=table.rows, total_rows=table.total_rows
    )


def _to_picture(drawing: Drawing) -> Picture:
    data = None if drawing.data is None else _to_wire(drawing.data)
    return Picture(title=drawing.title[:500], size=len(drawing.png), data=data)
