"""Child processes: prefixed lines, restarts, and an end that leaves nothing behind."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from honcho.printer import Printer

from warren.embedded.guard import ProcessGuard, is_alive
from warren_local.children import Children
from warren_local.plan import Child


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def children(tmp_path: Path, output: io.StringIO) -> Iterator[Children]:
    guard = ProcessGuard(tmp_path / "processes")
    guard.start()
    all_children = Children(guard, Printer(output))
    yield all_children
    all_children.stop(1)
    guard.stop()


def python(name: str, code: str) -> Child:
    return Child(name, (sys.executable, "-u", "-c", code), dict(os.environ))


def pump_until(children: Children, reached: Callable[[], bool]) -> None:
    """The test's own time limit bounds it."""
    while not reached():
        children.pump(0.05)


def test_every_line_has_its_process_in_front(children: Children, output: io.StringIO) -> None:
    children.start([python("a", "print('one\\ntwo')"), python("bcd", "print('three')")], restarts=False)
    pump_until(children, lambda: output.getvalue().count("\n") == 3)
    lines = [line.split(" ", 1)[1] for line in output.getvalue().splitlines()]
    assert sorted(lines) == ["a   | one", "a   | two", "bcd | three"]


def test_a_step_that_ends_is_not_started_again(children: Children) -> None:
    [step] = children.start([python("step", "raise SystemExit(3)")], restarts=False)
    pump_until(children, lambda: step.process is None)
    assert step.returncode == 3
    assert step.end == "ended with status 3"
    children.pump(0.05)
    assert step.process is None


def test_a_killed_process_is_named_and_starts_again(children: Children, output: io.StringIO) -> None:
    [service] = children.start([python("service", "print('up'); import time; time.sleep(60)")])
    pump_until(children, lambda: "up" in output.getvalue())
    assert service.process is not None
    first = service.process
    first.kill()
    pump_until(children, lambda: output.getvalue().count("| up") == 2)
    assert "service was ended by SIGKILL and starts again in 1 s" in output.getvalue()
    assert service.process.pid != first.pid


def test_a_process_that_keeps_failing_is_hopeless(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warren_local.children.LONGEST_PAUSE", 0.0)
    children.start([python("broken", "raise SystemExit(1)")])
    assert children.hopeless(3) is None
    pump_until(children, lambda: children.hopeless(3) is not None)
    assert children.hopeless(3) == "broken"


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid)
time.sleep(60)
"""


def test_a_process_that_does_not_finish_is_killed_with_its_children(children: Children, output: io.StringIO) -> None:
    [service] = children.start([python("stubborn", STUBBORN)])
    pump_until(children, lambda: "| " in output.getvalue())
    assert service.process is not None
    both = [psutil.Process(service.process.pid), psutil.Process(int(output.getvalue().split()[-1]))]
    children.stop(0.2)
    assert not any(map(is_alive, both))
    assert "stubborn does not finish and is killed" in output.getvalue()


def test_what_a_crashed_process_leaves_behind_is_ended(children: Children, output: io.StringIO) -> None:
    orphan = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid)"
    [step] = children.start([python("step", orphan)], restarts=False)
    pump_until(children, lambda: step.process is None and "| " in output.getvalue())
    left = int(output.getvalue().split()[-1])
    pump_until(children, lambda: has_ended(left))
    assert has_ended(left)


def has_ended(pid: int) -> bool:
    try:
        return not is_alive(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return True
