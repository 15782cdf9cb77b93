"""`WS /ws` and `GET /config`: what the earlier live transcription's clients call, with the fields they know."""

import zlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket
from fastapi.responses import Response

from gateway import earlier_schemas, sounds
from gateway.answers import Answer
from gateway.auth import Caller, Parts
from gateway.openapi import answers
from gateway.streams.audio.live import Heard, LiveStream, Said, Taken
from gateway.streams.audio.opening import opened
from gateway.streams.audio.serving import Action, Message, Refused, Server, check_chunk
from gateway.streams.socket import IDLE, Hangup, Socket, admitted
from warren.contracts.transcriber import AudioFormat, Encoding, StreamReport, Unreadable

router = APIRouter(tags=["earlier clients"])

IDLE_SECONDS = 300.0
"""These clients know no keepalive: they wait, connected, until somebody speaks."""
QUIET_SECONDS = 2.0
"""Nor can they say that they are done: this long after their last audio, the rest is told."""


@router.get(
    "/config", summary="Settings in use (earlier clients)", responses=answers(earlier_schemas.EarlierConfig, 200)
)
async def config(gateway: Parts, _key: Caller) -> Response:
    """Without passwords."""
    settings = gateway.settings
    return Answer(
        {
            "APP_PORT": settings.port,
            "HOST": settings.host,
            "LOG_LEVEL": settings.log_level,
            "MAX_AUDIO_SIZE": settings.max_audio_size,
            "RABBITMQ_URL": _without_password(settings.broker_url.get_secret_value()),
        }
    )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"


@router.websocket("/ws")
async def earlier(websocket: WebSocket) -> None:
    """Client: binary chunks; server: `received`, `transcript` and `error`, in `status`."""
    async with admitted(websocket, "write", error) as socket:
        if socket is None:
            return
        first = await _first(socket)
        async with opened(socket, guessed(first), None, interim=False) as found:
            server = Server(socket, found, Earlier(found.stream))
            try:
                await server.run(first)
            finally:
                await server.leave()


async def _first(socket: Socket) -> bytes:
    """The first chunk: it tells the format, and until then nobody's place is taken."""
    while (frame := await socket.frame(IDLE_SECONDS)) is not None:
        try:
            if isinstance(frame, str):
                raise _not_audio()
            check_chunk(frame, socket.gateway.settings.max_audio_size)
        except Refused as refused:
            await socket.send(error(refused.code, refused.message))
        else:
            return frame
    raise Hangup(IDLE, "stream.idle", f"Nothing came for {IDLE_SECONDS:g} s.")


def guessed(first: bytes) -> AudioFormat:
    """These clients do not say what they send: files as they are, or samples as speech recognition likes them."""
    return AudioFormat(encoding=Encoding.container if sounds.is_container(first) else Encoding.linear16)


def error(code: str, message: str, **more: Any) -> Message:
    return {"error": message, "status": "error", "code": code, **more}


def _not_audio() -> Refused:
    return Refused("audio.not_binary", "Send audio as binary frames, not as text.")


class Earlier:
    quiet_seconds: float | None = QUIET_SECONDS
    idle_seconds = IDLE_SECONDS
    error = staticmethod(error)

    def __init__(self, stream: LiveStream) -> None:
        # A number that names the client, as theirs was.
        self._client_id = zlib.crc32(stream.id.encode())

    def taken(self, taken: Taken) -> Sequence[Message]:
        return [{"status": "received", "size": taken.size}]

    def heard(self, said: Heard) -> Sequence[Message]:
        match said:
            case Said(transcript=transcript) if transcript.final:
                return [{"client_id": self._client_id, "text": transcript.text, "status": "transcript"}]
            case Unreadable(code=code, message=message):
                return [error(code, message)]
            case _:
                return []

    def done(self, _stream: LiveStream, _report: StreamReport) -> Sequence[Message]:
        return []

    def order(self, _text: str, _server: Server) -> Action | None:
        raise _not_audio()
