"""Settings of the analyzer."""

import os
import tempfile
from pathlib import Path

from pydantic import Field

from analyzer.sandbox.limits import Mode
from analyzer.texts.embeddings.settings import EmbeddingSettings
from warren.llm.settings import LlmSettings
from warren.settings import env


class AnalyzerSettings(LlmSettings, EmbeddingSettings):
    """What the worker that answers people needs beyond the model and `warren.settings.Settings`."""

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


class BulkSettings(LlmSettings, EmbeddingSettings):
    """What the worker of texts needs."""

    worker_concurrency: int = Field(
        64,
        ge=1,
        le=1000,
        validation_alias=env("BULK_CONCURRENCY"),
        description="Jobs of each of its queues that one worker takes at a time; their texts are written together",
    )
    text_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="Processes that describe texts in one worker"
    )
    chunks_per_batch: int = Field(
        16, ge=1, le=1000, description="Chunks of one batch that are under way at a time, over all workers"
    )
    chunk_bytes: int = Field(
        1 << 19, ge=1000, le=1 << 24, description="How much of a file is a chunk: half a megabyte is some 400 songs"
    )
    llm_chunk_bytes: int = Field(
        1 << 14,
        ge=1000,
        le=1 << 24,
        description="Likewise, when a language model is asked about each text: sixteen kilobytes are some twelve songs",
    )
    parallel_calls: int = Field(
        16, ge=1, le=1000, description="Requests to the model that one worker has under way for batches at a time"
    )
    chunk_silence_seconds: float = Field(
        300.0, gt=0, description="A chunk of which nothing is heard for so long is sent again"
    )
