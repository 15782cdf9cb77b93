"""What the analyzer does: the table of its jobs and queries."""

from analyzer.analysis import analyze
from analyzer.engines import LlmEngine
from analyzer.sandbox import Sandbox
from analyzer.spool import Spool
from warren.blobs import BlobStore
from warren.contracts.analyzer import AnalyzerStatus, AnalyzerStatusQuery, CsvAnalysis, CsvReport
from warren.worker.job import Job
from warren.worker.service import Handlers


def handlers(sandbox: Sandbox, spool: Spool, blobs: BlobStore, llm: LlmEngine | None) -> Handlers:
    """Job kinds and queries → handlers."""

    async def analyze_csv(job: Job[CsvAnalysis]) -> CsvReport:
        return await analyze(job, sandbox=sandbox, blobs=blobs, spool=spool, llm=llm)

    async def status(_query: AnalyzerStatusQuery) -> AnalyzerStatus:
        return AnalyzerStatus(sandbox_tier=sandbox.tier, engine=llm.name if llm else "local")

    return Handlers(jobs={CsvAnalysis: analyze_csv}, queries={AnalyzerStatusQuery: status})
