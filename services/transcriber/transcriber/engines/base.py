"""The protocol of engines, and how one is found by its name."""

import importlib
from dataclasses import dataclass
from typing import Protocol, cast

from transcriber.settings import TranscriberSettings

SAMPLE_RATE = 16_000
"""Of all audio behind the decoder, in Hz."""
SAMPLE_BYTES = 2
BYTES_PER_SECOND = SAMPLE_RATE * SAMPLE_BYTES


@dataclass(frozen=True)
class RecognizedWord:
    """Times in seconds from the start of the audio given; `confidence` from 0 to 1, if the engine has one."""

    word: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True)
class Recognition:
    """What was said. Without speech, `text` is empty. `words` is empty if the engine does not place them."""

    text: str
    words: tuple[RecognizedWord, ...] = ()
    confidence: float | None = None
    language: str | None = None


class Engine(Protocol):
    """Made once in each recognition process, with the worker's settings; then called for one utterance after the other.

    It may block and hold the GIL. Nothing of it is shared with other processes.
    """

    def __init__(self, settings: TranscriberSettings) -> None: ...

    def recognise(self, pcm: bytes, language: str | None, prompt: str | None) -> Recognition:
        """The words in `pcm`, 16-bit mono samples at 16 kHz.

        Raises `EngineUnavailable` for what may pass; whatever else it raises gives this utterance up.
        """


BUILT_IN = {
    "pocketsphinx": "transcriber.engines.pocketsphinx:PocketsphinxEngine",
    "faster-whisper": "transcriber.engines.faster_whisper:FasterWhisperEngine",
    "openai": "transcriber.engines.openai_endpoint:OpenAiEngine",
}


def load(settings: TranscriberSettings) -> Engine:
    """The engine that `settings.engine` names. Raises `ValueError` if there is none, or its package is missing."""
    module, _, name = BUILT_IN.get(settings.engine, settings.engine).partition(":")
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"WARREN_ENGINE={settings.engine}: {error}") from error
    return cast("Engine", made(settings))
