"""Any server that speaks OpenAI's `POST /v1/audio/transcriptions`: OpenAI, speaches, vLLM, LocalAI, whisper.cpp."""

import io
import math
import wave
from typing import Any

import openai

from transcriber.engines.base import SAMPLE_BYTES, SAMPLE_RATE, Recognition, RecognizedWord
from transcriber.errors import EngineUnavailable
from transcriber.settings import TranscriberSettings

PASSING = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)


class OpenAiEngine:
    """Asks for words with their times; from a server that knows no such answer, for the text alone."""

    def __init__(self, settings: TranscriberSettings) -> None:
        self._model = settings.speech_model
        self._places_words = True
        self._client = openai.OpenAI(
            base_url=settings.speech_base_url,
            # The SDK insists on a key; servers of one's own often want none.
            api_key=settings.speech_api_key.get_secret_value() or "none",
            timeout=settings.speech_timeout_seconds,
            max_retries=2,
        )

    def recognise(self, pcm: bytes, language: str | None, prompt: str | None) -> Recognition:
        try:
            return self._ask(pcm, language, prompt)
        except openai.BadRequestError:
            if not self._places_words:
                raise
            self._places_words = False
            return self._ask(pcm, language, prompt)
        except PASSING as error:
            raise EngineUnavailable(f"{type(error).__name__}: {error}") from error

    def _ask(self, pcm: bytes, language: str | None, prompt: str | None) -> Recognition:
        wanted: dict[str, Any] = {"response_format": "json"}
        if self._places_words:
            wanted = {"response_format": "verbose_json", "timestamp_granularities": ["word", "segment"]}
        answer = self._client.audio.transcriptions.create(
            file=("utterance.wav", _wav(pcm), "audio/wav"),
            model=self._model,
            language=language or openai.omit,
            prompt=prompt or openai.omit,
            **wanted,
        )
        words = tuple(RecognizedWord(word.word, word.start, word.end) for word in getattr(answer, "words", None) or ())
        text = answer.text.strip()
        return Recognition(text, words, _confidence(answer), getattr(answer, "language", None))


def _confidence(answer: Any) -> float | None:
    """From the mean log probability of the tokens of each segment, weighted by length."""
    segments = getattr(answer, "segments", None) or ()
    seconds = sum(segment.end - segment.start for segment in segments)
    if not seconds:
        return None
    return math.exp(sum(segment.avg_logprob * (segment.end - segment.start) for segment in segments) / seconds)


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(SAMPLE_BYTES)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(pcm)
    return file.getvalue()
