"""Serve one live stream over one WebSocket: what all protocols do alike. A dialect says it in its own words."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any, Protocol

from pydantic import ValidationError

from gateway.problems import Problem, invalid
from gateway.streams.audio.live import Ended, Heard, LiveStream, Taken
from gateway.streams.audio.opening import Opened
from gateway.streams.socket import BAD_MESSAGE, CRASHED, IDLE, TOO_BIG, Hangup, Socket, parse_object
from warren.contracts.events import EventType, Failure
from warren.contracts.transcriber import EndReason, StreamReport

MAX_TEXT = 65_536
FAR_TOO_BIG = 4
"""A chunk of so many times the limit ends the connection: this client will not stop."""
END_SECONDS = 2.0
"""How long the stream of a client that left is told so."""

Message = dict[str, Any]
Action = Callable[[], Coroutine[Any, Any, None]]


class Refused(Exception):
    """A frame that cannot be; the stream goes on without it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def asked_for(text: str) -> Any:
    """The `type` of a text frame, whatever it is. Raises `Refused` for a frame that is no JSON object."""
    try:
        return parse_object(text).get("type")
    except Problem as problem:
        raise Refused(problem.code, f"{problem.detail} Audio comes in binary frames.") from None


class Dialect(Protocol):
    """How a protocol says what happens. Each returns the messages to send, which may be none."""

    @property
    def quiet_seconds(self) -> float | None:
        """After so long without a frame, what was said is an utterance."""

    @property
    def idle_seconds(self) -> float:
        """After so long without a frame, the connection ends."""

    def error(self, code: str, message: str, **more: Any) -> Message: ...

    def taken(self, taken: Taken, /) -> Sequence[Message]: ...

    def heard(self, said: Heard, /) -> Sequence[Message]: ...

    def done(self, stream: LiveStream, report: StreamReport, /) -> Sequence[Message]: ...

    def order(self, text: str, server: "Server", /) -> Action | None:
        """What a text frame asks for. Raises `Refused`."""


class Server:
    """One connection with its stream."""

    def __init__(self, socket: Socket, opened: Opened, dialect: Dialect) -> None:
        self._socket = socket
        self._stream = opened.stream
        self._repeated = opened.repeated
        self._dialect = dialect
        self._ending = False

    async def run(self, first: bytes | None = None) -> None:
        """Serve until the stream or the connection ends; `first` is a chunk that came already. Raises `Hangup`, and
        whatever else ends a socket."""
        tasks = [asyncio.create_task(work) for work in (self._tell(), self._listen(first), self._stream.keep_alive())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # When several fail at once, what the transcriber said about the stream is the better reason.
        for task in (task for task in tasks if task in done):
            task.result()

    async def end(self) -> None:
        """The client wants to hear the rest, and then the end."""
        if not self._ending:
            self._ending = True
            await self._stream.end()

    async def finalize(self) -> None:
        await self._stream.finalize()

    async def leave(self) -> None:
        """End the stream of a client that is gone and cannot come back."""
        if not self._ending and not self._stream.over:
            with suppress(TimeoutError, Hangup):
                async with asyncio.timeout(END_SECONDS):
                    await self.end()

    async def _tell(self) -> None:
        async with aclosing(self._stream.heard()) as heard:
            async for said in heard:
                if isinstance(said, Ended):
                    await self._send(self._dialect.done(self._stream, _report(said)))
                    await self._socket.close()
                    return
                await self._send(self._dialect.heard(said))

    async def _listen(self, first: bytes | None) -> None:
        frame: bytes | str | None = first if first is not None else await self._next()
        while True:
            try:
                await self._take(frame)
            except Refused as refused:
                await self._socket.send(self._dialect.error(refused.code, refused.message))
            frame = await self._next()

    async def _next(self) -> bytes | str:
        if self._stream.progress.far_ahead:
            room = asyncio.ensure_future(self._stream.progress.room())
            try:
                await self._socket.wait(room)
            finally:
                room.cancel()
        quiet = self._dialect.quiet_seconds
        if quiet is not None and not self._ending:
            if (frame := await self._socket.frame(quiet)) is not None:
                return frame
            await self._stream.finalize()
        frame = await self._socket.frame(None if self._ending else self._dialect.idle_seconds)
        if frame is None:
            detail = f"Nothing came for {self._dialect.idle_seconds:g} s."
            raise Hangup(IDLE, "stream.idle", detail)
        return frame

    async def _take(self, frame: bytes | str | None) -> None:
        if isinstance(frame, bytes):
            check_chunk(frame, self._socket.gateway.settings.max_audio_size)
            if self._ending:
                raise Refused("stream.ended", "You ended this stream; no more audio is taken.")
            await self._take_chunk(frame)
        elif frame is not None:
            if len(frame) > MAX_TEXT:
                raise Refused("message.too_large", f"Messages may have up to {MAX_TEXT} bytes.")
            if (action := self._dialect.order(frame, self)) is not None:
                await action()

    async def _take_chunk(self, chunk: bytes) -> None:
        if self._repeated:
            # It arrived, but the client was not told.
            self._repeated -= 1
            taken = self._stream.taken(self._stream.seq - self._repeated, len(chunk))
        else:
            taken = await self._stream.take(chunk)
        await self._send(self._dialect.taken(taken))

    async def _send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._socket.send(message)


def check_chunk(chunk: bytes, max_bytes: int) -> None:
    """Raises `Refused` for what cannot be a chunk of audio, `Hangup` for what is far too large."""
    if not chunk:
        raise Refused("audio.empty", "Audio data is empty")
    if len(chunk) > FAR_TOO_BIG * max_bytes:
        raise Hangup(TOO_BIG, "audio.too_large", f"Audio data is too large: a chunk may have up to {max_bytes} bytes.")
    if len(chunk) > max_bytes:
        raise Refused("audio.too_large", f"Audio data is too large: a chunk may have up to {max_bytes} bytes.")


def parameters(model: Any, query: Mapping[str, str]) -> Any:
    """The parameters in a WebSocket's address as `model` has them. Raises `Hangup`."""
    try:
        return model.model_validate(dict(query))
    except ValidationError as error:
        raise refusal(invalid(error.errors(include_url=False))) from None


def refusal(problem: Problem) -> Hangup:
    return Hangup(BAD_MESSAGE, problem.code, problem.detail)


def _report(ended: Ended) -> StreamReport:
    """What a stream came to. Raises `Hangup` if it did not end as its client wanted."""
    event = ended.event
    if event.type is EventType.completed:
        report = StreamReport.model_validate(event.data["result"])
        if report.reason is EndReason.idle:
            raise Hangup(IDLE, "stream.idle", "Nothing was heard from you for too long, so this stream has ended.")
        return report
    if event.type is EventType.cancelled:
        raise Hangup(BAD_MESSAGE, "job.cancelled", "This stream was cancelled.")
    failure = Failure.model_validate(event.data)
    raise Hangup(BAD_MESSAGE if failure.code.startswith("audio.") else CRASHED, failure.code, failure.message)
