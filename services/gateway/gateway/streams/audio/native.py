"""`WS /v1/audio/stream`: Warren's own protocol for live audio (docs/api.md). A client that was cut off comes back with
its token."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, WebSocket
from pydantic import Field

from gateway.streams.audio.live import Heard, LiveStream, Said, Taken
from gateway.streams.audio.opening import Opened, opened, resumed
from gateway.streams.audio.serving import Action, Message, Refused, Server, asked_for, parameters
from gateway.streams.socket import Socket, admitted, error_message
from gateway.transcriptions import Language, language_code
from warren.contracts.transcriber import (
    AudioFormat,
    SpeechStarted,
    StreamReport,
    Transcript,
    Unreadable,
    UtteranceEnd,
)

router = APIRouter()


class Parameters(AudioFormat):
    """What may stand in the address."""

    language: Language | None = None
    interim: bool = True
    resume: str | None = Field(None, min_length=1, max_length=200)
    after_seq: int | None = Field(None, ge=0)
    """The last chunk the client was told of."""
    after_transcript: int = Field(0, ge=0)
    """The last final the client has."""


@router.websocket("/v1/audio/stream")
async def stream(websocket: WebSocket) -> None:
    """Client: binary chunks, `finalize`, `keepalive`, `end`; server: `ready`, `ack`, `transcript`, …, `done`."""
    async with admitted(websocket, "write") as socket:
        if socket is None:
            return
        wanted: Parameters = parameters(Parameters, websocket.query_params)
        async with _opened(socket, wanted) as found:
            settings = socket.gateway.settings
            await socket.send(
                {
                    "type": "ready",
                    "stream_id": found.stream.id,
                    "resume_token": found.token,
                    "max_chunk_bytes": settings.max_audio_size,
                    "seq": found.stream.seq,
                }
            )
            # Whoever leaves without an `end` may come back, until the transcriber has heard nothing for too long.
            await Server(socket, found, Native(settings.stream_idle_seconds, wanted.after_transcript)).run()


@asynccontextmanager
async def _opened(socket: Socket, wanted: Parameters) -> AsyncIterator[Opened]:
    if wanted.resume is None:
        audio_format = AudioFormat.model_validate(wanted.model_dump())
        async with opened(socket, audio_format, language_code(wanted.language), wanted.interim) as found:
            yield found
    else:
        async with resumed(socket, wanted.resume, wanted.after_seq) as found:
            yield found


class Native:
    quiet_seconds: float | None = None
    error = staticmethod(error_message)

    def __init__(self, idle_seconds: float, after_transcript: int) -> None:
        self.idle_seconds = idle_seconds
        self._after_transcript = after_transcript

    def taken(self, taken: Taken) -> Sequence[Message]:
        return [
            {
                "type": "ack",
                "status": "received",
                "size": taken.size,
                "seq": taken.seq,
                "audio_ms": taken.audio_ms,
                "lag_ms": taken.lag_ms,
            }
        ]

    def heard(self, said: Heard) -> Sequence[Message]:
        match said:
            case Said(transcript=transcript, number=number):
                if transcript.final and number <= self._after_transcript:
                    return []
                return [_transcript(transcript, number)]
            case SpeechStarted(at=at):
                return [{"type": "speech_started", "at": at}]
            case UtteranceEnd(at=at):
                return [{"type": "utterance_end", "at": at}]
            case Unreadable(code=code, message=message, seq=seq):
                return [self.error(code, message, seq=seq)]
            case _:
                return []

    def done(self, stream: LiveStream, report: StreamReport) -> Sequence[Message]:
        return [{"type": "done", "duration": report.duration, "text": " ".join(stream.texts)}]

    def order(self, text: str, server: Server) -> Action | None:
        match asked_for(text):
            case "finalize":
                return server.finalize
            case "end":
                return server.end
            case "keepalive":
                return None
            case other:
                raise Refused("message.unknown_type", f"Unknown type {other!r}: send finalize, keepalive or end.")


def _transcript(transcript: Transcript, number: int) -> dict[str, Any]:
    fields = transcript.model_dump(include={"final", "start", "end", "text", "confidence", "language"})
    words = [word.model_dump() for word in transcript.words]
    return {"type": "transcript", **fields, "words": words, "seq": number}
