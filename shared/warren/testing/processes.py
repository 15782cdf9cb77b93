"""Real processes for tests: the programs of the suite, each with a log of its own, which can be killed like any other.

programs = Programs(environment, tmp_path)
worker = await programs.worker("warren.testing.script")     gateway = await programs.gateway()
worker.kill()                                               await programs.end()
"""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from warren.embedded import free_port
from warren.embedded.guard import await_end, end_process, is_alive

READY_SECONDS = 60.0
POLL_SECONDS = 0.02
_MARK = "WARREN_TEST_RUN"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Program:
    """A started program. `url` is where it answers /health, if it does."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path, url: str = "") -> None:
        self.name = name
        self.log = log
        self.url = url
        self._family: list[psutil.Process] = []
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def family(self) -> list[psutil.Process]:
        """Every process that this program has started so far, and it itself."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            known = {member.pid for member in self._family}
            self._family += [
                member for member in (process, *process.children(recursive=True)) if member.pid not in known
            ]
        return self._family

    def kill(self) -> None:
        """SIGKILL this program only: what it started has to notice by itself."""
        self.family()
        self._process.kill()
        self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal and do not wait."""
        self.family()
        self._process.send_signal(number)

    def terminate(self) -> None:
        self.send(signal.SIGTERM)

    async def exited(self, seconds: float) -> int:
        """Wait for its end; the exit code. Raises `TimeoutError`."""
        await until(lambda: not self.running, seconds, f"{self.name} to end")
        return self._process.wait()

    async def ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until it can take work."""

        def answers() -> bool:
            if not self.running:
                raise AssertionError(f"{self.name} ended with {self._process.returncode}:\n{self.tail()}")
            return self.health("ready") == 200

        await until(answers, seconds, f"{self.name} to be ready")

    def health(self, what: str) -> int:
        """The status of `/health/live` or `/health/ready`; 0 if nobody answers."""
        return self.fetch(f"/health/{what}")[0]

    def fetch(self, path: str) -> tuple[int, str]:
        """GET a path of this program: status and body; status 0 if nobody answers."""
        try:
            with _DIRECT.open(self.url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def idle(self) -> bool:
        """Whether it runs no job now; also of what never does."""
        _, exposed = self.fetch("/metrics")
        return not re.search(r"^celery_worker_tasks_active\{.*\} [1-9]", exposed, re.MULTILINE)

    def tail(self, lines: int = 40) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    async def logged(self, text: str, seconds: float = 30.0) -> None:
        """Wait until its log contains `text`."""
        await until(
            lambda: text in self.log.read_text(errors="replace"), seconds, f"{text!r} in the log of {self.name}"
        )


class Programs:
    """Starts programs with one environment, whose logs lie in `logs`; `end()` stops all that still run."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WARREN_")}
        self._mark = uuid.uuid4().hex
        self.environment = {**inherited, **environment, _MARK: self._mark, "PYTHONUNBUFFERED": "1"}
        self._logs = logs
        self.started: list[Program] = []

    def start(self, name: str, *command: str, url: str = "", **environment: str) -> Program:
        """Start any command, without waiting for it."""
        log = self._logs / f"{name}-{len(self.started)}.log"
        program = Program(name, list(command), {**self.environment, **environment}, log, url)
        self.started.append(program)
        return program

    async def worker(self, module: str, *, ready: bool = True, **environment: str) -> Program:
        """A worker process: `module` is run with `python -m`."""
        return await self._with_metrics(module, sys.executable, "-m", module, ready=ready, **environment)

    async def service(self, name: str, *arguments: str, ready: bool = True, **environment: str) -> Program:
        """A worker process of a service: its console script with these arguments."""
        return await self._with_metrics(name, script(name), *arguments, ready=ready, **environment)

    async def gateway(self, *command: str, ready: bool = True, **environment: str) -> Program:
        """The gateway's API at a port of its own; `command` starts it if not `gateway api`."""
        port = free_port()
        program = self.start(
            "gateway",
            *(command or (script("gateway"), "api")),
            url=f"http://127.0.0.1:{port}",
            WARREN_PORT=str(port),
            **environment,
        )
        if ready:
            await program.ready()
        return program

    def beat(self) -> Program:
        return self.start("beat", script("gateway"), "beat")

    async def end(self, seconds: float = 15.0) -> None:
        """Stop what runs, with SIGTERM first. Raises `AssertionError` if something outlives its program."""
        running = [program for program in self.started if program.running]
        for program in running:
            program.send(signal.SIGCONT)
            program.terminate()
        await asyncio.to_thread(await_end, [psutil.Process(program.pid) for program in running], seconds)
        left = self.leftovers()
        for program in self.started:
            end_process(program.pid)
        for process in left:
            end_process(process.pid)
        if left:
            raise AssertionError(f"still running: {[describe(process) for process in left]}")

    def leftovers(self) -> list[psutil.Process]:
        """Processes that were started by these programs, or carry this run's mark, and still live."""
        family = {member.pid: member for program in self.started for member in program.family()}
        marked = {process.pid: process for process in psutil.process_iter() if self._is_ours(process)}
        ours = [process for process in {**marked, **family}.values() if is_alive(process)]
        return [process for process in ours if process.pid != os.getpid()]

    async def _with_metrics(self, name: str, *command: str, ready: bool, **environment: str) -> Program:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        program = self.start(name, *command, url=url, WARREN_METRICS_PORT=str(port), **environment)
        if ready:
            await program.ready()
        return program

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(_MARK) == self._mark
        except psutil.Error:
            return False


def script(name: str) -> str:
    """Path of a console script of this environment."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def describe(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:100]}"
    except psutil.Error:
        return str(process.pid)


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something outside this process, which cannot tell. Raises `TimeoutError` that says what was missing."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        await asyncio.sleep(POLL_SECONDS)
