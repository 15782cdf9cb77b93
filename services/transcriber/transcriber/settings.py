"""Settings of the transcriber."""

import os

from pydantic import Field, SecretStr

from warren.settings import AudioSettings, env


class TranscriberSettings(AudioSettings):
    """What both kinds of workers need beyond `warren.settings.Settings`."""

    engine: str = Field(
        "pocketsphinx",
        description="pocketsphinx, faster-whisper, openai, or `package.module:Class` of your own",
    )
    engine_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="Processes of one worker that recognise speech"
    )
    engine_nice: int = Field(
        10, ge=0, le=19, description="How far recognition gives way to everything else (Unix niceness)"
    )
    whisper_model: str = Field("small", description="faster-whisper: a model's name on its hub, or a folder with one")
    whisper_device: str = Field("auto", description="faster-whisper: cpu, cuda or auto")
    speech_base_url: str = Field("https://api.openai.com/v1", description="openai: the endpoint's address")
    speech_api_key: SecretStr = Field(SecretStr(""), description="openai: its key")
    speech_model: str = Field("whisper-1", description="openai: the model to ask for")
    speech_timeout_seconds: float = Field(60.0, gt=0, description="openai: how long one answer may take")
    silence_seconds: float = Field(0.5, ge=0.1, description="So much silence ends an utterance")
    longest_utterance_seconds: float = Field(
        15.0,
        ge=2,
        le=30,
        description="Longer speech is cut where it is quietest; it is also what a crash makes us redo",
    )
    longest_file_seconds: float = Field(4 * 3600.0, gt=0, description="Longer recordings are refused")


class StreamSettings(TranscriberSettings):
    """Of a worker for live streams, which mostly wait: it takes many more jobs than a worker for files."""

    worker_concurrency: int = Field(
        64, ge=1, le=1000, validation_alias=env("STREAMS_PER_WORKER"), description="Live streams of this worker"
    )


class FileSettings(TranscriberSettings):
    """Of a worker for files: one after the other, each with all its processes."""

    worker_concurrency: int = Field(
        2, ge=1, le=1000, validation_alias=env("FILES_PER_WORKER"), description="Recordings a worker takes at a time"
    )
