"""Jobs and queries of the analyzer."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from warren.contracts.base import JobPayload, JobResult, Message, Query
from warren.contracts.files import UploadedFile

Cell = str | int | float | bool | None
"""What a table's cell may hold; dates are ISO 8601 strings."""


class Turn(Message):
    """One earlier question of the dialog, so that "now by month" has something to refer to."""

    question: str
    answer: str
    code: str = ""


class CsvAnalysis(JobPayload):
    """A question about a table."""

    kind: ClassVar[str] = "analyzer.csv"
    queue: ClassVar[str] = "analyzer"
    timeout: ClassVar[float] = 300.0

    file: UploadedFile
    question: str
    history: tuple[Turn, ...] = ()
    sheet: str | None = None
    """Worksheet to read; the first that holds a table when empty."""
    engine: Literal["auto", "local", "llm"] = "auto"


class Table(Message):
    """`rows` is a list of lists in the order of `columns`; `total_rows` counts those left out of it too."""

    title: str = ""
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total_rows: int


class Plot(Message):
    """A picture and what it shows. `image` is a PNG data URI; `artifact` the name of the same PNG as a job artifact."""

    title: str
    image: str
    artifact: str
    data: Table | None = None


class Attempt(Message):
    """One try of the engine: `code` as run, `error` as the engine saw it, `tokens` 0 for the local engine."""

    n: int
    code: str
    error: str | None = None
    stdout: str = ""
    milliseconds: float = 0.0
    tokens: int = 0


class Provenance(Message):
    """What the answer was computed from, so that a reader can check it."""

    file_name: str
    sha256: str
    size: int
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    rows: int
    columns: int
    columns_used: tuple[str, ...] = ()
    sandbox_tier: str = ""


class CsvReport(JobResult):
    """Result of `analyzer.csv`. `answered` is False when the file cannot answer the question; `answer` says why."""

    brief: ClassVar[frozenset[str]] = frozenset({"answer", "answered", "final_code", "engine"})

    answer: str
    answered: bool = True
    final_code: str = ""
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    engine: str
    warnings: tuple[str, ...] = ()
    provenance: Provenance
    usage: dict[str, Any] = Field(default_factory=dict)


class AnalyzerStatus(Message):
    """Answer to the query `analyzer.status`."""

    sandbox_tier: str
    engine: str


class AnalyzerStatusQuery(Query):
    """Asks one analyzer worker how it would run code now."""

    name: ClassVar[str] = "analyzer.status"
