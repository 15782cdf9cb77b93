"""From what a run gave to the report a user gets, with its pictures and tables stored as artifacts."""

import base64
import csv
import io
from collections.abc import Sequence

from analyzer.frames import PreparedFrame, ReadReport, RunPlot, RunResult
from analyzer.wording import Wording
from warren.contracts.analyzer import Cell, CsvAnalysis, Plot, Provenance, Table
from warren.worker.job import Job


async def store_plots(job: Job[CsvAnalysis], plots: Sequence[RunPlot]) -> tuple[Plot, ...]:
    """Each picture as an artifact (`plot-1.png`, …) and, for clients that want it at once, as a data URI."""
    stored = []
    for n, plot in enumerate(plots, start=1):
        artifact = await job.store(f"plot-{n}.png", plot.png, "image/png")
        image = f"data:image/png;base64,{base64.b64encode(plot.png).decode()}"
        stored.append(Plot(title=plot.title, image=image, artifact=artifact.name, data=plot.data))
    return tuple(stored)


async def store_tables(job: Job[CsvAnalysis], tables: Sequence[Table]) -> None:
    """Each table as CSV: `result.csv`, `result-2.csv`, …"""
    for n, table in enumerate(tables, start=1):
        await job.store("result.csv" if n == 1 else f"result-{n}.csv", to_csv(table), "text/csv")


def to_csv(table: Table) -> bytes:
    """The table as CSV (RFC 4180), empty for missing cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    # With a byte order mark: without one, Excel takes Cyrillic for Latin.
    return text.getvalue().encode("utf-8-sig")


def answer_text(result: RunResult, words: Wording) -> str:
    """What the code says, or its single value, or where to look."""
    if result.answer:
        return result.answer
    if result.value is not None:
        return _shown(result.value)
    return words.see_tables if result.tables else words.see_plots


def is_empty(result: RunResult) -> bool:
    """Whether a run that ended well has nothing to report."""
    return not (result.answer or result.tables or result.plots) and result.value is None


def cut_tables(tables: Sequence[Table], words: Wording) -> tuple[str, ...]:
    """A warning for each table that does not hold all its rows."""
    return tuple(
        words.cut_table.format(title=table.title or n, shown=len(table.rows), total=table.total_rows)
        for n, table in enumerate(tables, start=1)
        if len(table.rows) < table.total_rows
    )


def provenance(payload: CsvAnalysis, frame: PreparedFrame, columns: tuple[str, ...], tier: str) -> Provenance:
    """What the answer was computed from."""
    read: ReadReport = frame.report
    return Provenance(
        file_name=payload.file.name,
        sha256=payload.file.sha256,
        size=payload.file.size,
        format=read.format,
        encoding=read.encoding,
        delimiter=read.delimiter,
        sheet=read.sheet,
        rows=read.rows,
        columns=read.columns,
        columns_used=columns,
        sandbox_tier=tier,
    )


def _shown(value: Cell) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
