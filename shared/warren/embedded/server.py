"""What a private RabbitMQ and a private PostgreSQL have in common: a data directory, a port, a process."""

import abc
import fcntl
import random
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO, Self

from warren.embedded.guard import ProcessGuard, end_process
from warren.errors import WarrenError

# Below the ephemeral ports of Linux (32768) and macOS (49152): no outgoing connection can sit on the port of a
# server that is being restarted, nor connect to itself there.
_PORTS = range(20_000, 32_000)


class EmbeddedError(WarrenError):
    """A private server could not be started; the message says why, for a person."""


class PortTaken(EmbeddedError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on 127.0.0.1 is taken by another program")
        self.port = port


class DataInUse(EmbeddedError):
    """Another process runs a server on the same data directory."""

    def __init__(self, data: Path) -> None:
        super().__init__(f"another process already uses {data}")
        self.data = data


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port now (connections in TIME_WAIT do not count)."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    for port in random.sample(_PORTS, k=500):  # nosec B311: not a secret
        if port_is_free(port):
            return port
    raise EmbeddedError(f"no free port between {_PORTS.start} and {_PORTS.stop} on 127.0.0.1")


class EmbeddedServer(abc.ABC):
    """One server process on a directory of its own, listening on 127.0.0.1 only.

    It never outlives the process that started it. `start` after `stop` or `kill` continues on the same data and
    port, and first ends what an earlier, killed owner of the directory may have left running.
    Not thread-safe; the calls block for up to `start_seconds` and `stop_seconds`.
    """

    name: str
    stop_signal = signal.SIGTERM
    start_seconds = 60.0
    stop_seconds = 8.0

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data.absolute()
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = ProcessGuard(self.data / "server.pid", self.stop_signal, self.stop_seconds)
        self._lock: IO[str] | None = None
        self._abandoned = False

    @property
    @abc.abstractmethod
    def url(self) -> str:
        """Where clients connect, with the password."""

    @property
    def log(self) -> Path:
        """The file with the server's own messages."""
        return self.data / "server.log"

    @property
    def pid(self) -> int | None:
        """The process id of the running server."""
        return self._process.pid if self._process and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process is there (it may still be starting)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and return when it accepts clients.

        Raises PortTaken, DataInUse, or EmbeddedError with the end of the log when it does not come up.
        """
        if self.running:
            return
        self.kill()  # clears away what a crash left
        self.data.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._guard.start()
            self._check_port()
            self._prepare()
            self._spawn()
            self._await_ready()
        except BaseException:
            self.kill()
            raise

    def abandon_start(self) -> None:
        """Make a `start` that runs in another thread give up, for good: it raises EmbeddedError."""
        self._abandoned = True

    def stop(self) -> None:
        """Ask the server to finish, wait up to `stop_seconds`, and kill it if it does not."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """SIGKILL the server with its children and wait until they are gone."""
        self._end(None)

    def _end(self, ask: signal.Signals | None) -> None:
        if self._process is not None:
            end_process(self._process.pid, ask, self.stop_seconds)
            self._process.wait()
            self._process = None
        self._guard.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abc.abstractmethod
    def _prepare(self) -> None:
        """Write what the server reads; called before every start."""

    @abc.abstractmethod
    def _command(self) -> list[str]: ...

    @abc.abstractmethod
    def _environment(self) -> dict[str, str]: ...

    @abc.abstractmethod
    def _ready(self) -> bool: ...

    def _take_lock(self) -> None:
        lock = (self.data / "server.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise DataInUse(self.data) from None
        self._lock = lock

    def _check_port(self) -> None:
        if not port_is_free(self.port):
            raise PortTaken(self.port)

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.data,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle
            )
        self._guard.add(self._process.pid)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + self.start_seconds
        while not self._ready():
            if self._abandoned:
                raise EmbeddedError(f"the start of {self.name} was given up")
            if not self.running or time.monotonic() > deadline:
                state = f"did not start within {self.start_seconds:g} s" if self.running else "ended while starting"
                raise EmbeddedError(f"{self.name} {state}; the end of {self.log}:\n{_tail(self.log)}")
            time.sleep(0.05)


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
