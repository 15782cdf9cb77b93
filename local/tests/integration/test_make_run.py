"""`warren-local` as a user meets it: real processes, signals and data."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from warren.embedded import free_port
from warren.embedded.guard import await_end, is_alive
from warren.testing.services import scratch_directory

PROGRAM = Path(sys.executable).with_name("warren-local")

pytestmark = pytest.mark.timeout(600)


class Run:
    """A `warren-local` in a process group of its own, as a terminal would start it."""

    def __init__(self, directory: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen: list[str] = []
        self.family: set[psutil.Process] = set()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WARREN_")}
        self.process = subprocess.Popen(
            [PROGRAM],
            cwd=directory,
            env=environment | {"WARREN_PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.seen.append(line)
                self._changed.notify_all()
        with self._changed:
            self.seen.append("<the end>")
            self._changed.notify_all()

    def await_line(self, text: str, count: int = 1) -> None:
        """Until `text` was printed so often; the test's own time limit bounds it."""
        with self._changed:
            self._changed.wait_for(lambda: sum(text in line for line in self.seen) >= count or self._ended())
        assert sum(text in line for line in self.seen) >= count, "".join(self.seen)[-4000:]

    def _ended(self) -> bool:
        return self.seen[-1:] == ["<the end>"]

    def await_ready(self) -> None:
        self.await_line(f"Open {self.url}")
        self.note_family()

    def note_family(self) -> None:
        self.family |= {psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)}

    def child(self, program: str, argument: str) -> psutil.Process:
        """The running child that was started with this command."""
        [found] = [
            process
            for process in self.family
            if is_alive(process)
            and process.cmdline()[-1:] == [argument]
            and Path(process.cmdline()[-2]).name == program
        ]
        return found

    def end(self) -> None:
        if self.process.poll() is None:
            self.note_family()
            self.process.kill()
        self.process.wait()
        await_end(list(self.family), 20)


@contextlib.contextmanager
def running(directory: Path, port: int) -> Iterator[Run]:
    """A run, of which nothing is left after the block."""
    run = Run(directory, port)
    try:
        yield run
    finally:
        run.end()


@pytest.fixture
def directory() -> Iterator[Path]:
    with scratch_directory("warren-run-") as path:
        yield path


@pytest.fixture
def port() -> int:
    return free_port()


def call(url: str, body: object | None = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_three_runs_on_the_same_data(directory: Path, port: int) -> None:
    """Each run begins where the one before has ended: by Ctrl-C, then killed with its guards, then killed alone."""
    with running(directory, port) as first:
        first.await_ready()
        session = call(f"{first.url}/v1/sessions", {})
        check_an_operator_reaches_it(directory)
        check_a_second_one_is_refused(directory, first)
        check_ctrl_c_stops_all_in_time(directory, first)

    with running(directory, port) as second:
        second.await_ready()
        assert call(f"{second.url}/v1/sessions/{session['id']}")["id"] == session["id"], "the data is there"
        check_crashes_are_recovered_from(directory, second)
        kill_with_its_guards(second)
        with running(directory, port) as third:
            third.await_ready()
            assert [process for process in second.family if is_alive(process)] == [], "nothing was in its way"
            third.process.kill()
            assert await_end(list(third.family), 15), "a killed run takes everything with it"


def check_an_operator_reaches_it(directory: Path) -> None:
    """By what docs/operations.md says."""
    assert "no active key" in operate(directory, "gateway keys revoke key_none")
    assert operate(directory, "warren dead list") == ""
    assert (directory / ".warren" / "env").stat().st_mode & 0o077 == 0, "it holds passwords"


def operate(directory: Path, command: str) -> str:
    """What a command prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WARREN_")}
    done = subprocess.run(
        ["/bin/sh", "-c", f". .warren/env; {command}"], cwd=directory, env=environment | {"PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def check_a_second_one_is_refused(directory: Path, run: Run) -> None:
    second = subprocess.run(
        [PROGRAM], cwd=directory, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"WARREN_PORT": run.url.rpartition(":")[2]},
    )  # fmt: skip
    assert second.returncode == 1
    assert f"Warren already runs: open {run.url}" in second.stderr
    assert f"kill {run.process.pid}" in second.stderr


def check_ctrl_c_stops_all_in_time(directory: Path, run: Run) -> None:
    run.note_family()
    asked_at = time.monotonic()
    os.killpg(run.process.pid, signal.SIGINT)  # as a terminal does, to the whole foreground group
    assert run.process.wait(15) == 0
    assert time.monotonic() - asked_at < 10
    assert [process for process in run.family if is_alive(process)] == []
    assert not (directory / ".warren" / "env").exists(), "nobody listens there any more"


def check_crashes_are_recovered_from(directory: Path, run: Run) -> None:
    for name, command in {"analyzer": ("analyzer", "worker"), "api": ("gateway", "api")}.items():
        run.child(*command).kill()
        run.await_line(f"{name} was ended by SIGKILL and starts again")

    record = (directory / ".warren" / "rabbitmq" / "server.pid").read_text()
    psutil.Process(int(record.split()[0])).kill()
    run.await_line("RabbitMQ crashed and starts again")
    run.await_line("RabbitMQ is up", count=2)
    await_health(run)


def kill_with_its_guards(run: Run) -> None:
    """The worst case: the guards, which would end everything now, are killed as well."""
    run.note_family()
    guards = [process for process in run.family if is_alive(process) and "warren-guard" in process.cmdline()]
    assert len(guards) == 3
    for process in (*guards, psutil.Process(run.process.pid)):
        process.kill()
    run.process.wait()
    assert any(map(is_alive, run.family))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_stopped_while_it_starts(directory: Path, port: int, number: signal.Signals) -> None:
    with running(directory, port) as run:
        run.await_line("PostgreSQL is up")
        run.note_family()
        os.killpg(run.process.pid, number)
        assert run.process.wait(10) == 0
        assert [process for process in run.family if is_alive(process)] == []


def test_a_busy_port_is_named(directory: Path, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with running(directory, port) as run:
            assert run.process.wait(60) == 1
            run.await_line(f"Port {port} is taken by")
            run.await_line(f"WARREN_PORT={port + 1} make run")


def test_a_setting_that_makes_no_sense_is_explained(directory: Path) -> None:
    bad = os.environ | {"WARREN_PORT": "many"}
    done = subprocess.run([PROGRAM], cwd=directory, env=bad, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("WARREN_PORT: ")
    assert "Traceback" not in done.stderr


def await_health(run: Run) -> None:
    """Its API connects again by and by, of which no line tells; the test's own time limit bounds it."""
    while run.process.poll() is None:
        with contextlib.suppress(OSError):
            if call(f"{run.url}/health")["status"] == "healthy":
                return
        time.sleep(0.1)
    raise AssertionError("it ended")
