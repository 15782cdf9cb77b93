"""Transcripts as OpenAI's API gives them (https://platform.openai.com/docs/api-reference/audio)."""

import math
import zlib
from typing import Any, Literal

from pydantic import Field, model_validator

from gateway.transcriptions import TranscriptionRequest
from warren.contracts.transcriber import FileTranscript, Segment, Word

Format = Literal["json", "text", "srt", "verbose_json", "vtt"]


class OpenAIRequest(TranscriptionRequest):
    """The fields of OpenAI's form. Those of its models that no engine here has are ignored."""

    model: str | None = Field(None, max_length=200, description="Ignored: the engine is a setting")
    response_format: Format = "json"
    temperature: float | None = Field(None, ge=0, le=1, description="Ignored")
    timestamp_granularities: list[Literal["word", "segment"]] | None = Field(
        None, alias="timestamp_granularities[]", description="With verbose_json"
    )
    stream: bool = Field(False, description="Server-sent events; with json or text")

    @model_validator(mode="after")
    def _together(self) -> "OpenAIRequest":
        if self.timestamp_granularities and self.response_format != "verbose_json":
            raise ValueError("timestamp_granularities[] needs response_format=verbose_json")
        if self.stream and self.response_format not in {"json", "text"}:
            raise ValueError("stream needs response_format=json or text")
        return self


def usage(result: FileTranscript) -> dict[str, Any]:
    return {"type": "duration", "seconds": math.ceil(result.duration)}


def verbose(result: FileTranscript, granularities: list[Literal["word", "segment"]] | None) -> dict[str, Any]:
    """`verbose_json`: segments unless only words are wanted."""
    wanted = granularities or ["segment"]
    answer: dict[str, Any] = {
        "task": "transcribe",
        "language": result.language,
        "duration": result.duration,
        "text": result.text,
        "usage": usage(result),
    }
    if "segment" in wanted:
        answer["segments"] = [_segment(number, segment) for number, segment in enumerate(result.segments)]
    if "word" in wanted:
        answer["words"] = [_word(word) for segment in result.segments for word in segment.words]
    return answer


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    """What only Whisper has is empty."""
    text = segment.text.encode()
    return {
        "id": number,
        "seek": int(segment.start * 100),
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": [],
        "temperature": None,
        "avg_logprob": math.log(segment.confidence) if segment.confidence else None,
        "compression_ratio": len(text) / len(zlib.compress(text)) if text else None,
        "no_speech_prob": None,
    }


def _word(word: Word) -> dict[str, Any]:
    return {"word": word.word, "start": word.start, "end": word.end}
