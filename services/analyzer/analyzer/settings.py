"""Settings of the analyzer."""

import tempfile
from pathlib import Path

from pydantic import Field

from analyzer.sandbox.limits import Mode
from warren.llm.settings import LlmSettings


class AnalyzerSettings(LlmSettings):
    """What the analyzer's workers need beyond the model and `warren.settings.Settings`."""

    sandbox: Mode = Field(
        "auto",
        description="auto: refuse to run code that the kernel cannot hold; unsafe: run it anyway, on a laptop only",
    )
    sandbox_concurrency: int = Field(4, ge=1, description="Runs of code at a time in one worker")
    spool_directory: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir(), "warren-spool"),
        description="Where frames wait for the next question; each worker has a folder of its own in it",
    )
    spool_bytes: int = Field(4 * 1024**3, ge=0, description="How much of them is kept")
