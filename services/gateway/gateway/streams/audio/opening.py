"""Open a live stream, or come back to one. Errors are `Problem`s, which each protocol says in its own words."""

import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from gateway.problems import Problem
from gateway.service import Gateway
from gateway.store import jobs as jobs_store
from gateway.store import keys
from gateway.store import streams as store
from gateway.streams.audio.admission import broker_away
from gateway.streams.audio.live import LiveStream
from gateway.streams.socket import Socket
from warren import topology
from warren.contracts.transcriber import AudioFormat, TranscribeStream
from warren.errors import BrokerUnavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Opened:
    """A stream to work with. `token` is what its client comes back with; it repeats `repeated` chunks that arrived."""

    stream: LiveStream
    token: str
    repeated: int = 0


@asynccontextmanager
async def opened(
    socket: Socket,
    format: AudioFormat,  # noqa: A002  the contract's name
    language: str | None,
    interim: bool,
) -> AsyncIterator[Opened]:
    """A new stream of this client. Raises 429 and 503 `Problem`s."""
    await socket.count()
    gateway = socket.gateway
    secret = secrets.token_urlsafe(24)
    payload = TranscribeStream(format=format, language=language, interim=interim, resume_hash=_hash(secret))
    row = jobs_store.new_row(payload, socket.key.id, gateway.settings.job_expire_seconds)
    await gateway.admission.insert(row)
    stream = LiveStream(gateway, row["id"], format)
    try:
        await _send(gateway, socket, stream, row)
        yield Opened(stream, f"{stream.id}.{secret}")
    finally:
        await stream.close()


async def _send(gateway: Gateway, socket: Socket, stream: LiveStream, row: dict[str, object]) -> None:
    """Its queue and its watch first: then nothing that the transcriber tells is missed."""
    try:
        await gateway.broker.declare(topology.audio_queue(stream.id))
        await stream.watch()
    except BrokerUnavailable as error:
        log.warning("stream_not_opened", job_id=stream.id, error=str(error))
        await gateway.cancel(socket.key.id, stream.id)
        raise broker_away() from None
    gateway.publish(row)


@asynccontextmanager
async def resumed(socket: Socket, token: str, after_seq: int | None) -> AsyncIterator[Opened]:
    """A stream to which its client comes back, at whichever gateway.

    Raises 404, 422 and 429 `Problem`s, and `Hangup` when no transcriber answers.
    """
    await socket.count()
    gateway = socket.gateway
    stream_id, _, secret = token.partition(".")
    async with gateway.database.transaction() as connection:
        row = await store.find(connection, socket.key.id, stream_id)
    payload = TranscribeStream.model_validate(row.payload) if row is not None else None
    if row is None or payload is None or not hmac.compare_digest(payload.resume_hash, _hash(secret)):
        raise Problem(404, "stream.not_found", "This token resumes no stream of yours.")
    stream = LiveStream(gateway, stream_id, payload.format)
    try:
        repeated = await stream.resume(after_seq)
        if after_seq is not None and after_seq > stream.seq and not stream.over:
            raise Problem(422, "stream.unknown_seq", f"after_seq: the last chunk that arrived is {stream.seq}.")
        yield Opened(stream, token, repeated)
    finally:
        await stream.close()


def _hash(secret: str) -> str:
    return keys.digest(secret).hex()
