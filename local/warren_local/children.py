"""Runs child processes: prints their lines with honcho's prefix and starts again what crashed."""

import queue
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from os import killpg
from signal import SIGKILL, SIGTERM, Signals
from typing import IO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from warren.embedded.guard import ProcessGuard, end_process
from warren_local.plan import Child

HEALTHY_SECONDS = 30.0
"""A process that ran this long before it ended has its earlier failures forgotten."""

LONGEST_PAUSE = 30.0
"""Seconds before a restart: 1, 2, 4, … up to this."""


class Running:
    """A child, its present process, and what is known of its earlier ones."""

    def __init__(self, child: Child, colour: str, *, restarts: bool) -> None:
        self.child = child
        self.colour = colour
        self.restarts = restarts
        self.failures = 0
        self.returncode: int | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.restart_at = 0.0

    @property
    def end(self) -> str:
        """How its last process ended, as the rest of a sentence."""
        if self.returncode is not None and self.returncode < 0:
            return f"was ended by {Signals(-self.returncode).name}"
        return f"ended with status {self.returncode}"


class Children:
    """All child processes. For one thread; nothing happens outside `pump` and `stop`."""

    def __init__(self, guard: ProcessGuard, printer: Printer) -> None:
        self._guard = guard
        self._printer = printer
        self._lines: queue.Queue[tuple[Running, bytes]] = queue.Queue()
        self._colours = get_colours()
        self._all: list[Running] = []
        self._stopping = False

    def say(self, text: str) -> None:
        """Print lines of our own."""
        self._print("warren", text, None)

    def start(self, children: Iterable[Child], *, restarts: bool = True) -> list[Running]:
        """Start processes. Without `restarts` they are expected to end by themselves."""
        started = [Running(child, next(self._colours), restarts=restarts) for child in children]
        self._printer.width = max([self._printer.width, *(len(running.child.name) for running in started)])
        for running in started:
            self._launch(running)
        self._all += started
        return started

    def hopeless(self, failures: int) -> str | None:
        """The name of a process that failed at least this often in a row."""
        return next((running.child.name for running in self._all if running.failures >= failures), None)

    def pump(self, seconds: float) -> None:
        """Print what they say, for this long at most, then look after those that ended."""
        with suppress(queue.Empty):
            running, line = self._lines.get(timeout=seconds)
            while True:
                self._print(running.child.name, line, running.colour)
                running, line = self._lines.get_nowait()
        for running in self._all:
            if running.process is not None:
                self._notice_end(running, running.process)
            elif running.restarts and not self._stopping and time.monotonic() >= running.restart_at:
                self._launch(running)

    def stop(self, seconds: float) -> None:
        """Ask all to finish, go on printing, and kill what is left after `seconds`."""
        self._stopping = True
        for running in self._alive():
            if running.process is not None:
                running.process.send_signal(SIGTERM)
        deadline = time.monotonic() + seconds
        while self._alive() and time.monotonic() < deadline:
            self.pump(0.05)
        for running in self._alive():
            self.say(f"{running.child.name} does not finish and is killed")
            if running.process is not None:
                end_process(running.process.pid)
        self.pump(0.05)

    def _alive(self) -> list[Running]:
        return [running for running in self._all if running.process is not None]

    def _launch(self, running: Running) -> None:
        running.started_at = time.monotonic()
        running.process = subprocess.Popen(
            running.child.arguments,
            env=dict(running.child.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is ours to handle
        )
        self._guard.add(running.process.pid)
        if running.process.stdout is not None:
            threading.Thread(target=self._read, args=(running, running.process.stdout), daemon=True).start()

    def _read(self, running: Running, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._lines.put((running, line))

    def _notice_end(self, running: Running, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            killpg(process.pid, SIGKILL)  # what a crashed process leaves behind works for nobody
        self._guard.remove(process.pid)
        running.process, running.returncode = None, process.returncode
        if running.restarts and not self._stopping:
            self._plan_restart(running)

    def _plan_restart(self, running: Running) -> None:
        if time.monotonic() - running.started_at > HEALTHY_SECONDS:
            running.failures = 0
        pause = min(2.0**running.failures, LONGEST_PAUSE)
        running.failures += 1
        running.restart_at = time.monotonic() + pause
        self.say(f"{running.child.name} {running.end} and starts again in {pause:g} s")

    def _print(self, name: str, data: str | bytes, colour: str | None) -> None:
        self._printer.write(Message("line", data, datetime.now(), name, colour))  # noqa: DTZ005  the clock on the wall
