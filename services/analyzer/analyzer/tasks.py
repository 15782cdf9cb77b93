"""What the analyzer does: the table of its jobs and queries."""

from analyzer.analysis import analyze
from analyzer.engines import LlmEngine
from analyzer.sandbox import Sandbox
from analyzer.spool import Spool
from analyzer.texts.batch import Batches
from analyzer.texts.chunks import Chunks
from analyzer.texts.intake import Intake
from analyzer.texts.store.texts import NewText
from warren.blobs import BlobStore
from warren.contracts.analyzer import AnalyzerStatus, AnalyzerStatusQuery, CsvAnalysis, CsvReport
from warren.contracts.texts import (
    AnalyzedText,
    LlmTextAnalysis,
    LlmTextChunk,
    TextAnalysis,
    TextBatch,
    TextChunk,
)
from warren.worker.job import Job
from warren.worker.runtime import JobHandlers
from warren.worker.service import Handlers


def handlers(sandbox: Sandbox, spool: Spool, blobs: BlobStore, llm: LlmEngine | None) -> Handlers:
    """Job kinds and queries → handlers, of the worker that answers people."""

    async def analyze_csv(job: Job[CsvAnalysis]) -> CsvReport:
        return await analyze(job, sandbox=sandbox, blobs=blobs, spool=spool, llm=llm)

    async def status(_query: AnalyzerStatusQuery) -> AnalyzerStatus:
        return AnalyzerStatus(sandbox_tier=sandbox.tier, engine=llm.name if llm else "local")

    return Handlers(jobs={CsvAnalysis: analyze_csv}, queries={AnalyzerStatusQuery: status})


def text_handlers(intake: Intake, chunks: Chunks, batches: Batches) -> Handlers:
    """Those of the worker of texts."""

    async def analyze_text(job: Job[TextAnalysis]) -> AnalyzedText:
        return await intake.add(_new(job.payload))

    async def analyze_text_llm(job: Job[LlmTextAnalysis]) -> AnalyzedText:
        return await intake.add_llm(_new(job.payload))

    table: JobHandlers = {
        TextAnalysis: analyze_text,
        LlmTextAnalysis: analyze_text_llm,
        TextChunk: chunks.work_off,
        LlmTextChunk: chunks.work_off_llm,
        TextBatch: batches.load,
    }
    return Handlers(jobs=table)


def _new(payload: TextAnalysis) -> NewText:
    return NewText(payload.owner, payload.track_id, payload.text)
