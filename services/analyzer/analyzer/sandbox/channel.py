"""The worker's end of a zygote: starts it, hands it runs, kills them, notices its death."""

import asyncio
import itertools
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import structlog

from analyzer.sandbox import tiers
from analyzer.sandbox.wire import LENGTH, RECORD_SIZE, Kind, Record, Request, frame
from warren.errors import TransientError

log = structlog.get_logger(__name__)

_START_SECONDS = 60.0  # takes 1 s when warm; a machine that just booted reads libraries from a slow disk
_GRACE_SECONDS = 5.0
_CHUNK = 1 << 18


class StartError(Exception):
    """The zygote did not come up; says what it said last."""


class Answer(NamedTuple):
    """What a fork sent: the JSON of its reply, and all that followed. None of it has been looked at.

    `reply` is None when none came, or not all of it; `too_large` when it was cut off.
    """

    reply: bytes | None
    pictures: bytes = b""
    too_large: bool = False


class Channel:
    """One zygote process and its runs. Made by `start`; after `close` no process is left."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self.alive = True
        self._process = process
        self._control = control
        self._received = bytearray()
        self._numbers = itertools.count(1)
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[bool] = loop.create_future()
        self._ends: dict[int, asyncio.Future[Record | None]] = {}
        loop.add_reader(control, self._on_control)

    @classmethod
    async def start(cls, plan: tiers.Plan, scratch: Path) -> Self:
        """Start a zygote and wait until it is warm. Raises StartError."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        said = scratch / "zygote.log"
        with theirs, said.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *tiers.python_command(plan, theirs.fileno()),
                env=tiers.environment(plan, scratch),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # a Ctrl-C at the terminal is the worker's to handle
            )
        channel = cls(process, ours)
        try:
            if await channel._is_ready():
                return channel
        except asyncio.CancelledError:
            await channel.close()
            raise
        await channel.close()
        last = said.read_text("utf-8", "replace").strip().rpartition("\n")[2]
        raise StartError(last or f"the zygote ended with code {process.returncode}")

    @property
    def pid(self) -> int:
        """Process id of the zygote, or of what wraps it."""
        return self._process.pid

    async def call(self, request: Request, files: Sequence[int], *, wall_seconds: float) -> tuple[Answer, Record]:
        """Have a fork work on copies of these open files, for at most `wall_seconds`. Gives its answer, and its end.

        When this returns or raises, because it was cancelled too, the fork is gone. Raises TransientError when the
        zygote dies before it.
        """
        line, theirs = socket.socketpair()
        line.setblocking(False)
        with line:
            with theirs:
                run = self._send_run(wall_seconds, [theirs.fileno(), *files])
            answer = Answer(None)
            try:
                # The zygote kills the fork in time; this is for a zygote that is stuck itself.
                async with asyncio.timeout(wall_seconds + _GRACE_SECONDS):
                    answer = await _converse(line, request)
            except TimeoutError:
                self._abandon()
            finally:
                end = await self._end_of(run)
        if end is None:
            raise TransientError("sandbox.zygote_died", "the process that runs analyses had to be started again")
        return answer, end

    async def close(self) -> None:
        """Hang up, which ends the zygote and its forks, and wait until they are gone."""
        self._hang_up()
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(_START_SECONDS):
                return await self._ready
        except TimeoutError:
            return False

    def _send_run(self, wall_seconds: float, descriptors: Sequence[int]) -> int:
        run = next(self._numbers)
        record = Record(Kind.run, run, milliseconds=round(wall_seconds * 1000))
        try:
            socket.send_fds(self._control, [record.pack()], descriptors)
        except OSError as error:
            raise TransientError("sandbox.zygote_died", f"the sandbox takes no runs now: {error}") from error
        self._ends[run] = asyncio.get_running_loop().create_future()
        return run

    async def _end_of(self, run: int) -> Record | None:
        """Kill the run unless it ended, and wait for its end."""
        end = self._ends[run]
        try:
            if not end.done():
                self._control.send(Record(Kind.kill, run).pack())
            async with asyncio.timeout(_GRACE_SECONDS):
                return await end
        except (OSError, TimeoutError):
            self._abandon()
            return None
        finally:
            del self._ends[run]

    def _on_control(self) -> None:
        try:
            data = self._control.recv(4096)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            log.warning("zygote_died", pid=self.pid, runs=len(self._ends))
            self._hang_up()
            return
        self._received += data
        while len(self._received) >= RECORD_SIZE:
            record = Record.unpack(self._received[:RECORD_SIZE])
            del self._received[:RECORD_SIZE]
            self._note(record)

    def _note(self, record: Record) -> None:
        if record.kind is Kind.ready:
            if not self._ready.done():
                self._ready.set_result(True)
            return
        end = self._ends.get(record.run)  # nobody waits any more when a call was cancelled twice
        if end and not end.done():
            end.set_result(record)

    def _hang_up(self) -> None:
        if not self.alive:
            return
        self.alive = False
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        for end in self._ends.values():
            if not end.done():
                end.set_result(None)
        if not self._ready.done():
            self._ready.set_result(False)

    def _abandon(self) -> None:
        """Give up a zygote that does not react."""
        if self.alive:
            log.error("zygote_stuck", pid=self.pid, runs=len(self._ends))
            self._process.kill()
            self._hang_up()


async def _converse(line: socket.socket, request: Request) -> Answer:
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(line, frame(request.model_dump_json().encode()))
        header = await _read(line, LENGTH.size)
        if len(header) < LENGTH.size:
            return Answer(None)
        (length,) = LENGTH.unpack(header)
        if length > request.result_bytes:
            return Answer(None, too_large=True)
        reply = await _read(line, length)
        pictures = await _read(line, request.picture_bytes + 1)
    except ConnectionError:  # the fork died; its end tells how
        return Answer(None)
    return Answer(reply if len(reply) == length else None, pictures, too_large=len(pictures) > request.picture_bytes)


async def _read(line: socket.socket, size: int) -> bytes:
    """`size` bytes, or as many as come until the other side hangs up."""
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < size:
        part = await loop.sock_recv(line, min(_CHUNK, size - len(data)))
        if not part:
            break
        data += part
    return bytes(data)
