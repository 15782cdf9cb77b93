"""The sandbox: runs generated code, and reads uploaded files, where the kernel holds them."""

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import structlog
from prometheus_client import Counter

from analyzer.frames import PreparedFrame, RunResult
from analyzer.sandbox import tiers
from analyzer.sandbox.canaries import ESCAPED, canaries
from analyzer.sandbox.channel import Answer, Channel, StartError
from analyzer.sandbox.errors import SandboxUnavailable
from analyzer.sandbox.limits import Layer, SandboxLimits, Tier
from analyzer.sandbox.replies import read_frame, run_result
from analyzer.sandbox.wire import Record, Request
from warren.errors import JobError, TransientError

log = structlog.get_logger(__name__)

RUNS = Counter("warren_sandbox_runs", "Runs of analysis code, by how they ended", ("outcome",))

_CANARY_SECONDS = 10.0


class Sandbox:
    """Runs code and reads files in locked forks of one warm process, many at a time. An async context manager.

    Entering starts that process and attacks it three times; `tier` then says how well it holds. Where nothing on this
    machine can hold code, `tier` is `none`, `refusal` says why, and `run` and `prepare` raise `SandboxUnavailable`.
    """

    def __init__(self, limits: SandboxLimits | None = None) -> None:
        self.limits = limits or SandboxLimits()
        self.tier: Tier = "none"
        self.refusal = "the sandbox is not started"
        self._plan: tiers.Plan | None = None
        self._channel: Channel | None = None
        self._slots = asyncio.Semaphore(self.limits.concurrency)
        self._starting = asyncio.Lock()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    async def __aenter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory(prefix="warren-sandbox-")
        plans, missing = tiers.options(self.limits.mode)
        for plan in plans:
            fault = await self._try(plan)
            if fault is None:
                self.tier = plan.tier
                log.info("sandbox_started", tier=self.tier, not_full_because=missing if self.tier != "full" else [])
                return self
            missing.append(f"{plan.tier}: {fault}")
        self.refusal = tiers.refusal(self.limits.mode, missing)
        log.error("sandbox_unavailable", reason=self.refusal)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._plan = None
        self.tier, self.refusal = "none", "the sandbox is closed"
        await self._stop()
        if self._scratch:
            self._scratch.cleanup()

    async def run(self, code: str, frame: Path, *, timeout: float | None = None) -> RunResult:
        """Run the code on the frame in this Arrow IPC file, for at most `timeout` (default: `wall_seconds`) seconds.

        What the code does wrong is told by `outcome`. Cancelling kills the run. Raises SandboxUnavailable, and
        TransientError when the sandbox itself failed and has to be started again.
        """
        self._plan_or_refuse()
        outcome = "failed"
        try:
            with _opened(frame, os.O_RDONLY) as descriptor:
                result = await self._run(code, [descriptor], timeout or self.limits.wall_seconds)
            outcome = result.outcome
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            RUNS.labels(outcome).inc()
        return result

    async def prepare(self, source: Path, *, name: str, sheet: str | None, target: Path) -> PreparedFrame:
        """Read an uploaded file once and write its frame to `target`, as an uncompressed Arrow IPC file.

        `name` is what the client called the file, `sheet` the worksheet to read. Raises JobError with the reader's code
        and message when the file cannot be read, and what `run` raises.
        """
        request = self._request("prepare", name=name, sheet=sheet, source=str(source))
        part = target.with_name(f"{target.name}.part")
        try:
            with (
                _opened(source, os.O_RDONLY) as upload,
                _opened(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as frame,
            ):
                answer, end = await self._call(request, [upload, frame], self.limits.wall_seconds)
            report, profile = read_frame(answer, end, request)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return PreparedFrame(path=target, report=report, profile=profile)

    async def _run(self, code: str, files: Sequence[int], wall_seconds: float, *, gated: bool = True) -> RunResult:
        started = time.perf_counter()
        request = self._request("run", code=code, gated=gated)
        answer, end = await self._call(request, files, wall_seconds)
        result = run_result(answer, end, request)
        return result.model_copy(update={"milliseconds": (time.perf_counter() - started) * 1000})

    async def _call(self, request: Request, files: Sequence[int], wall_seconds: float) -> tuple[Answer, Record]:
        async with self._slots:
            channel = await self._living_channel()
            return await channel.call(request, files, wall_seconds=wall_seconds)

    def _request(self, operation: Literal["run", "prepare"], *, gated: bool = True, **fields: str | None) -> Request:
        plan = self._plan_or_refuse()
        limits = self.limits
        return Request(
            operation=operation,
            layers=plan.layers if gated else plan.layers - {Layer.gate},
            cpu_seconds=limits.cpu_seconds,
            address_space=limits.address_space,
            file_bytes=limits.prepared_bytes if operation == "prepare" else 0,
            result_bytes=limits.result_bytes,
            picture_bytes=limits.picture_bytes,
            pictures=limits.pictures,
            **fields,
        )

    def _plan_or_refuse(self) -> tiers.Plan:
        if self._plan is None:
            raise SandboxUnavailable(self.refusal)
        return self._plan

    async def _living_channel(self) -> Channel:
        """The zygote's channel; a new zygote's when it died."""
        plan = self._plan_or_refuse()
        async with self._starting:
            if self._channel is None or not self._channel.alive:
                await self._stop()
                try:
                    self._channel = await Channel.start(plan, self._scratch_folder())
                except StartError as error:
                    raise TransientError("sandbox.not_started", f"the sandbox did not start again: {error}") from error
            return self._channel

    async def _try(self, plan: tiers.Plan) -> str | None:
        """Start with this plan and attack it. None when it holds, or why it cannot be used; then nothing is left."""
        self._plan = plan
        try:
            faults = await self._attack()
        except (JobError, TransientError) as error:
            fault = error.message
        else:
            if plan.tier == "unsafe":
                log.warning("sandbox_unsafe", faults=faults)
                return None
            fault = "; ".join(faults)
        if fault:
            self._plan = None
            await self._stop()
        return fault or None

    async def _attack(self) -> list[str]:
        with tempfile.NamedTemporaryFile(prefix="warren-canary-") as secret:
            attacks = canaries(Path(secret.name), os.getpid())
            results = {name: await self._run(code, [], _CANARY_SECONDS, gated=False) for name, code in attacks.items()}
        return [
            f"{name} was possible" if result.outcome == "ok" else f"{name} ended with {result.error}"
            for name, result in results.items()
            if result.outcome != "ok" or result.value == ESCAPED
        ]

    def _scratch_folder(self) -> Path:
        if self._scratch is None:
            raise SandboxUnavailable(self.refusal)
        return Path(self._scratch.name)

    async def _stop(self) -> None:
        if self._channel:
            await self._channel.close()
            self._channel = None


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, mode=0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
