"""Ends processes together with the one that started them, in whatever way that one ended."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil

# When our end of its stdin closes, because this process is gone, it asks every process of the record to finish,
# and kills after eight seconds what is left of their sessions.
_SCRIPT = """
alive() { while read -r pid _; do kill -0 "$pid" && return; done <"$1"; return 1; }
cat >/dev/null
while read -r pid _; do kill -s "$2" "$pid"; done <"$1"
n=0; while [ $n -lt 80 ] && alive "$1"; do sleep 0.1; n=$((n + 1)); done
while read -r pid _; do kill -s KILL -- "-$pid"; done <"$1"
"""


class ProcessGuard:
    """Keeps the started processes, each the leader of its session, in the file `record`.

    A shell beside this process reads it if this process dies. If the shell died too, the next owner of the file
    finds there what to end.
    """

    def __init__(self, record: Path, ask: signal.Signals = signal.SIGTERM, seconds: float = 8.0) -> None:
        self._record = record
        self._ask = ask
        self._seconds = seconds
        self._started: dict[int, float] = {}
        self._shell: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """End what an earlier owner of the record left running, and watch from now on."""
        self._end_leftovers()
        self._write()
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "warren-guard", str(self._record), self._ask.name.removeprefix("SIG")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def add(self, pid: int) -> None:
        """Watch over a process that was just started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._started[pid] = psutil.Process(pid).create_time()
            self._write()

    def remove(self, pid: int) -> None:
        """Forget a process that has ended."""
        if self._started.pop(pid, None) is not None:
            self._write()

    def stop(self) -> None:
        """Watch no longer; the processes of the record must have ended."""
        if self._shell is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait()
            self._shell = None
            self._record.unlink(missing_ok=True)

    def _write(self) -> None:
        text = "".join(f"{pid} {started}\n" for pid, started in self._started.items())
        new = self._record.with_suffix(".new")
        new.write_text(text)
        new.replace(self._record)

    def _end_leftovers(self) -> None:
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        for line in lines:
            pid, started = line.split()
            with contextlib.suppress(psutil.NoSuchProcess):
                # A pid is used again, a pid with its start time is not.
                if abs(psutil.Process(int(pid)).create_time() - float(started)) < 1:
                    end_process(int(pid), self._ask, self._seconds)


def end_process(pid: int, ask: signal.Signals | None = None, seconds: float = 0.0) -> None:
    """End a process and its descendants: with the signal `ask` and `seconds` of patience, if given, then SIGKILL."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    if ask is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(ask)
        await_end(family, seconds)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    await_end(family, 10)


def await_end(processes: list[psutil.Process], seconds: float) -> bool:
    """Whether all have ended in time; zombies have, whoever's task it is to collect them."""
    deadline = time.monotonic() + seconds
    while any(map(is_alive, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_alive(process: psutil.Process) -> bool:
    """Whether it is the same process still and runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
