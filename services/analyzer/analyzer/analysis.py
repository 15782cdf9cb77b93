"""Answers a question about an uploaded table: read it, have code written, run it, repair it, report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import structlog

from analyzer import report
from analyzer.engines import Engine, LocalEngine, Proposal
from analyzer.frames import PreparedFrame, RunResult
from analyzer.honesty import Fabricated, check_reads_frame, columns_used
from analyzer.planner import language_of
from analyzer.sandbox import Sandbox
from analyzer.spool import Spool
from analyzer.wording import wording
from warren.blobs import BlobStore
from warren.contracts.analyzer import Attempt, CsvAnalysis, CsvReport, Plot, Table
from warren.contracts.usage import Usage
from warren.errors import BlobNotFound, JobError
from warren.llm import LlmError
from warren.worker.job import Job

MAX_ATTEMPTS = 3
RUN_SECONDS = 30.0
"""Three attempts, each with a slow model and a run of this length, still end before the job's own timeout."""
STDOUT_CHARACTERS = 10_000
NOTHING_REPORTED = "The code ended without `answer`, `result`, `tables` or an open figure."

log = structlog.get_logger(__name__)


class AnalysisFailed(JobError):
    """No attempt gave an answer. `details` has the ledger, `attempts`, and the `engine` that made the last one."""

    def __init__(self, message: str, attempts: list[Attempt], engine: str) -> None:
        ledger = [attempt.model_dump(mode="json") for attempt in attempts]
        super().__init__("analysis.failed", message, details={"attempts": ledger, "engine": engine})


async def analyze(
    job: Job[CsvAnalysis], *, sandbox: Sandbox, blobs: BlobStore, spool: Spool, llm: Engine | None = None
) -> CsvReport:
    """The handler of `analyzer.csv`. Without `llm`, or when it is out of reach, the local engine answers.

    Raises `AnalysisFailed`, or `JobError` when the file is gone, cannot be read, or nothing here can hold code.
    """
    payload = job.payload

    async def prepare(folder: Path) -> PreparedFrame:
        source = folder / "source"
        try:
            await blobs.download(payload.file.blob, source)
        except BlobNotFound:
            raise JobError("file.gone", wording(language_of(payload.question)).file_gone) from None
        frame = await sandbox.prepare(
            source, name=payload.file.name, sheet=payload.sheet, target=folder / "frame.arrow"
        )
        source.unlink()
        return frame

    await job.progress("Reading the file…", stage="reading", percent=5)
    async with spool.lease(_frame_key(payload), prepare) as frame:
        return await _Analysis(job, frame, sandbox, llm).run()


class _Analysis:
    """One run of the job: the engine in charge, and what was tried so far."""

    def __init__(self, job: Job[CsvAnalysis], frame: PreparedFrame, sandbox: Sandbox, llm: Engine | None) -> None:
        self._job = job
        self._payload = job.payload
        self._frame = frame
        self._sandbox = sandbox
        language = language_of(job.payload.question, frame.profile, job.payload.history)
        self._words = wording(language)
        self._warnings = [remark.said(language) for remark in frame.report.warnings]
        self._attempts: list[Attempt] = []
        self._usage = Usage()
        self._engine: Engine = LocalEngine()
        if job.payload.engine != "local":
            if llm is not None:
                self._engine = llm
            elif job.payload.engine == "llm":
                self._warnings.append(self._words.no_model)

    async def run(self) -> CsvReport:
        """Try until an attempt succeeds. Raises `AnalysisFailed` when none does."""
        for n in range(1, MAX_ATTEMPTS + 1):
            await self._tell("generating", "generating code", n)
            proposal = await self._propose()
            if proposal.unanswerable:
                return await self._finish(n, proposal.unanswerable, answered=False)
            attempt, result = await self._try(n, proposal)
            self._attempts.append(attempt)
            if result is not None:
                return await self._answer(attempt, result)
            log.info("attempt_failed", n=n, engine=self._engine.name)
            if not self._engine.repairs:
                break
        message = self._words.failed.format(attempts=len(self._attempts), error=self._attempts[-1].error)
        raise AnalysisFailed(message, self._attempts, self._engine.name)

    async def _propose(self) -> Proposal:
        try:
            proposal = await self._ask()
        except LlmError as error:
            log.warning("engine_fell_back", reason=error.message)
            self._warnings.append(self._words.model_failed.format(reason=error.message))
            self._engine = LocalEngine()
            proposal = await self._ask()
        self._warnings += proposal.warnings
        self._usage += proposal.usage
        return proposal

    async def _ask(self) -> Proposal:
        payload = self._payload
        return await self._engine.propose(payload.question, self._frame.profile, payload.history, self._attempts)

    async def _try(self, n: int, proposal: Proposal) -> tuple[Attempt, RunResult | None]:
        """Run what was proposed, if it is honest; the result is None when the attempt failed."""
        attempt = Attempt(n=n, code=proposal.code, error=proposal.problem or None, tokens=proposal.usage.tokens)
        if proposal.problem:
            return attempt, None
        try:
            check_reads_frame(proposal.code)
        except Fabricated as fabricated:
            return attempt.model_copy(update={"error": fabricated.reason}), None
        await self._tell("running", "running", n)
        result = await self._sandbox.run(
            proposal.code, self._frame.path, timeout=min(RUN_SECONDS, self._sandbox.limits.wall_seconds)
        )
        error = _error_of(result)
        ran = {"error": error, "stdout": result.stdout[:STDOUT_CHARACTERS], "milliseconds": result.milliseconds}
        return attempt.model_copy(update=ran), None if error else result

    async def _answer(self, attempt: Attempt, result: RunResult) -> CsvReport:
        await report.store_tables(self._job, result.tables)
        plots = await report.store_plots(self._job, result.plots)
        self._warnings += report.cut_tables(result.tables, self._words)
        text = report.answer_text(result, self._words)
        return await self._finish(attempt.n, text, code=attempt.code, tables=result.tables, plots=plots)

    async def _finish(
        self,
        n: int,
        answer: str,
        *,
        answered: bool = True,
        code: str = "",
        tables: Sequence[Table] = (),
        plots: Sequence[Plot] = (),
    ) -> CsvReport:
        used = columns_used(code, self._frame.profile)
        await self._job.progress("Done", stage="done", percent=100, attempt=n, of=MAX_ATTEMPTS)
        return CsvReport(
            answer=answer,
            answered=answered,
            final_code=code,
            tables=tuple(tables),
            plots=tuple(plots),
            attempts=tuple(self._attempts),
            engine=self._engine.name,
            warnings=tuple(self._warnings),
            provenance=report.provenance(self._job.payload, self._frame, used, self._sandbox.tier),
            usage=self._usage.model_dump(),
        )

    async def _tell(self, stage: Literal["generating", "running"], doing: str, n: int) -> None:
        percent = 10 + 28 * (n - 1) + (14 if stage == "running" else 0)
        again = f" (run {self._job.run} of the job)" if self._job.run > 1 else ""
        message = f"Attempt {n}/{MAX_ATTEMPTS}: {doing}…{again}"
        await self._job.progress(message, stage=stage, percent=percent, attempt=n, of=MAX_ATTEMPTS)


def _error_of(result: RunResult) -> str | None:
    """What the next attempt has to know, or None for a run that reports something."""
    if result.outcome != "ok":
        error = result.error or result.outcome
        return error if result.line is None else f"line {result.line}: {error}"
    return NOTHING_REPORTED if report.is_empty(result) else None


def _frame_key(payload: CsvAnalysis) -> str:
    """Frames are equal when the bytes, the name's suffix (it may decide the format) and the sheet are."""
    return "\0".join([payload.file.sha256, Path(payload.file.name).suffix.lower(), payload.sheet or ""])
