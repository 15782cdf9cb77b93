"""Whisper through faster-whisper (CTranslate2): `uv sync --extra whisper`, and a model."""

import os
from typing import Any

import numpy as np
from faster_whisper import WhisperModel

from transcriber.engines.base import Recognition, RecognizedWord
from transcriber.settings import TranscriberSettings


class FasterWhisperEngine:
    """`whisper_model` is a folder with a converted model, or a name that faster-whisper fetches from its hub."""

    def __init__(self, settings: TranscriberSettings) -> None:
        threads = max(1, (os.cpu_count() or 1) // settings.engine_processes)
        self._model: Any = WhisperModel(
            settings.whisper_model,
            device=settings.whisper_device,
            cpu_threads=threads,
            local_files_only=os.path.isdir(settings.whisper_model),  # noqa: PTH112  it may be a name, not a path
        )

    def recognise(self, pcm: bytes, language: str | None, prompt: str | None) -> Recognition:
        samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32) / 32768
        segments, info = self._model.transcribe(
            samples, language=language, initial_prompt=prompt, word_timestamps=True, condition_on_previous_text=False
        )
        return recognition(segments, info.language)


def recognition(segments: Any, language: str | None) -> Recognition:
    """faster-whisper's segments, which it computes while they are read, as ours."""
    words = tuple(
        RecognizedWord(word.word.strip(), word.start, word.end, word.probability)
        for segment in segments
        for word in segment.words or ()
    )
    confidence = sum(word.confidence or 0.0 for word in words) / len(words) if words else None
    return Recognition(" ".join(word.word for word in words), words, confidence, language)
