"""`WS /v1/listen`: Deepgram's protocol for live audio, for those who have its clients.

https://developers.deepgram.com/reference/speech-to-text/listen-streaming; options that Warren has no use for are
ignored.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, Field

from gateway.streams.audio.live import Heard, LiveStream, Said, Taken
from gateway.streams.audio.opening import opened
from gateway.streams.audio.serving import Action, Message, Refused, Server, asked_for, parameters
from gateway.streams.socket import BAD_MESSAGE, Hangup, admitted
from gateway.transcriptions import Language, language_code
from warren.contracts.transcriber import (
    AudioFormat,
    Encoding,
    SpeechStarted,
    StreamReport,
    Transcript,
    Unreadable,
    UtteranceEnd,
    Word,
)

router = APIRouter()

_ENCODINGS = {
    "linear16": Encoding.linear16,
    "linear32": Encoding.float32,
    "mulaw": Encoding.mulaw,
    "opus": Encoding.container,
    "ogg-opus": Encoding.container,
    "flac": Encoding.container,
}
"""By Deepgram's names. Nothing said means a container."""


class Parameters(BaseModel):
    """What may stand in the address, as far as it changes something here."""

    model: str | None = None
    language: Language | None = None
    encoding: str | None = None
    sample_rate: int | None = Field(None, ge=8_000, le=48_000)
    channels: int = Field(1, ge=1, le=2)
    interim_results: bool = False
    vad_events: bool = False
    utterance_end_ms: str | None = None

    def format(self) -> AudioFormat:
        """Raises `Hangup`."""
        encoding = Encoding.container if self.encoding is None else _ENCODINGS.get(self.encoding)
        if encoding is None:
            detail = f"/encoding: {self.encoding} is not read here; send {', '.join(_ENCODINGS)}."
            raise Hangup(BAD_MESSAGE, "request.invalid", detail)
        if encoding is Encoding.container:
            return AudioFormat(encoding=encoding)
        if self.sample_rate is None:
            raise Hangup(BAD_MESSAGE, "request.invalid", "/sample_rate: needed with this encoding.")
        return AudioFormat(encoding=encoding, sample_rate=self.sample_rate, channels=self.channels)


@router.websocket("/v1/listen")
async def listen(websocket: WebSocket) -> None:
    """Client: audio, `KeepAlive`, `Finalize`, `CloseStream`; server: `Results`, `SpeechStarted`, `UtteranceEnd`,
    `Metadata`."""
    async with admitted(websocket, "write", error) as socket:
        if socket is None:
            return
        wanted: Parameters = parameters(Parameters, websocket.query_params)
        async with opened(socket, wanted.format(), language_code(wanted.language), wanted.interim_results) as found:
            dialect = Deepgram(found.stream.id, wanted, socket.gateway.settings.stream_idle_seconds)
            server = Server(socket, found, dialect)
            try:
                await server.run()
            finally:
                await server.leave()


def error(code: str, message: str, **more: Any) -> Message:
    return {"type": "Error", "description": message, "message": message, "variant": code, "code": code, **more}


class Deepgram:
    quiet_seconds: float | None = None
    error = staticmethod(error)

    def __init__(self, stream_id: str, wanted: Parameters, idle_seconds: float) -> None:
        self.idle_seconds = idle_seconds
        self._id = stream_id
        self._wanted = wanted
        self._created = datetime.now(UTC)
        self._finalizing = False

    def taken(self, _taken: Taken) -> Sequence[Message]:
        return []

    def heard(self, said: Heard) -> Sequence[Message]:
        match said:
            case Said(transcript=transcript):
                return [self._results(transcript)]
            case SpeechStarted(at=at) if self._wanted.vad_events:
                return [{"type": "SpeechStarted", "channel": [0], "timestamp": at}]
            case UtteranceEnd(at=at):
                self._finalizing = False
                if self._wanted.utterance_end_ms is None:
                    return []
                return [{"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": at}]
            case Unreadable(code=code, message=message):
                return [error(code, message)]
            case _:
                return []

    def done(self, _stream: LiveStream, report: StreamReport) -> Sequence[Message]:
        name = report.engine
        return [
            {
                "type": "Metadata",
                "transaction_key": "deprecated",
                "request_id": self._id,
                "sha256": "",
                "created": self._created.isoformat(),
                "duration": report.duration,
                "channels": 1,
                "models": [name],
                "model_info": {name: {"name": name, "version": "", "arch": name}},
            }
        ]

    def order(self, text: str, server: Server) -> Action | None:
        match asked_for(text):
            case "KeepAlive":
                return None
            case "Finalize":
                self._finalizing = True
                return server.finalize
            case "CloseStream":
                return server.end
            case other:
                raise Refused(
                    "message.unknown_type", f"Unknown type {other!r}: send KeepAlive, Finalize or CloseStream."
                )

    def _results(self, said: Transcript) -> Message:
        alternative = {
            "transcript": said.text,
            "confidence": said.confidence or 0.0,
            "words": [_word(word) for word in said.words],
        }
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "start": said.start,
            "duration": round(said.end - said.start, 3),
            "is_final": said.final,
            "speech_final": said.final,
            "from_finalize": said.final and self._finalizing,
            "channel": {"alternatives": [alternative]},
            "metadata": {
                "request_id": self._id,
                "model_info": {"name": self._wanted.model or "", "version": "", "arch": ""},
                "model_uuid": "",
            },
        }


def _word(word: Word) -> Message:
    return {
        "word": word.word,
        "punctuated_word": word.word,
        "start": word.start,
        "end": word.end,
        "confidence": word.confidence or 0.0,
    }
