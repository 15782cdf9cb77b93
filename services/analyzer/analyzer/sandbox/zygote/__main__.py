"""The zygote: a warm process that forks for each run. It computes nothing itself and reads nothing that a run wrote."""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass

from analyzer.sandbox.wire import RECORD_SIZE, Kind, Record
from analyzer.sandbox.zygote.fork import BROKEN, live
from analyzer.sandbox.zygote.lock import Locks, die_with_parent
from analyzer.sandbox.zygote.warm import warm_up

_DESCRIPTORS_PER_RUN = 3


@dataclass
class _Fork:
    """A living run. `deadline` is on the monotonic clock, in seconds."""

    run: int
    deadline: float
    timed_out: bool = False


class Zygote:
    """Obeys the records that come over `control` until the worker hangs up; then all forks die with it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._forks: dict[int, _Fork] = {}
        self._locks = Locks.make()
        self._wakeup, writer = os.pipe()
        for end in (self._wakeup, writer):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler, so that the wake-up descriptor is written to
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def serve(self) -> None:
        self._tell(Record(Kind.ready))
        try:
            while self._turn():
                self._kill_overdue()
                self._reap()
        finally:
            for pid in self._forks:
                _kill(pid)
                os.waitpid(pid, 0)

    def _turn(self) -> bool:
        """Wait for the next thing to do; False when the worker is gone."""
        readable, _, _ = select.select([self._control.fileno(), self._wakeup], [], [], self._patience())
        if self._wakeup in readable:
            os.read(self._wakeup, 4096)
        return self._control.fileno() not in readable or self._obey()

    def _obey(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, RECORD_SIZE, _DESCRIPTORS_PER_RUN)
        if len(data) < RECORD_SIZE:
            return False
        record = Record.unpack(data)
        if record.kind is Kind.run:
            self._fork(record, descriptors)
        elif record.kind is Kind.kill:
            for pid, fork in self._forks.items():
                if fork.run == record.run:
                    _kill(pid)
        return True

    def _fork(self, record: Record, descriptors: list[int]) -> None:
        try:
            pid = os.fork()
            if pid == 0:
                live(descriptors, self._locks)
        except OSError:  # the machine has no process or no memory left
            self._tell(Record(Kind.ended, record.run, BROKEN))
        else:
            self._forks[pid] = _Fork(record.run, time.monotonic() + record.milliseconds / 1000)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _patience(self) -> float | None:
        """Seconds until the next deadline."""
        deadlines = [fork.deadline for fork in self._forks.values() if not fork.timed_out]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for pid, fork in self._forks.items():
            if fork.deadline <= now and not fork.timed_out:
                fork.timed_out = True
                _kill(pid)

    def _reap(self) -> None:
        while self._forks:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            fork = self._forks.pop(pid)
            kind = Kind.timed_out if fork.timed_out else Kind.ended
            cpu = round((usage.ru_utime + usage.ru_stime) * 1000)
            self._tell(Record(kind, fork.run, os.waitstatus_to_exitcode(status), cpu))

    def _tell(self, record: Record) -> None:
        self._control.sendall(record.pack())


def _kill(pid: int) -> None:
    """Kill a fork and, where no lock kept it from having any, its children. It cannot be gone: it is not reaped yet."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # no session of its own yet, or already a zombie
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    die_with_parent()
    control = socket.socket(fileno=int(sys.argv[1]))
    warm_up()
    with contextlib.suppress(ConnectionError):  # the worker is gone: so is the reason to be here
        Zygote(control).serve()


if __name__ == "__main__":
    main()
