"""A private RabbitMQ in a container, for a machine that has Docker but no RabbitMQ."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from signal import Signals

from warren.embedded.rabbitmq import QUIET, USER, VHOST, EmbeddedRabbitMQ, find_rabbitmq
from warren.embedded.server import EmbeddedError

IMAGE = "rabbitmq:4-management"


def rabbitmq_server(data: Path, port: int | None = None, *, management: bool = False) -> EmbeddedRabbitMQ:
    """A RabbitMQ on `data`: of this machine's own programs if it has them, else in a container.

    Raises EmbeddedError if there is neither.
    """
    if find_rabbitmq():
        return EmbeddedRabbitMQ(data, port, management=management)
    if docker_works():
        return DockerRabbitMQ(data, port, management=management)
    raise EmbeddedError("there is neither a rabbitmq-server nor Docker on this machine")


def docker_works() -> bool:
    """Whether this user may start containers."""
    return shutil.which("docker") is not None and _docker("info") == 0


class DockerRabbitMQ(EmbeddedRabbitMQ):
    """As EmbeddedRabbitMQ, with the broker in a container whose files lie in `data`, owned by this user."""

    # The image may have to be fetched first.
    start_seconds = 300.0

    @property
    def container(self) -> str:
        """The container's name, one for each data directory."""
        return f"warren-rabbitmq-{hashlib.sha256(bytes(self.data)).hexdigest()[:12]}"

    def _prepare(self) -> None:
        _docker("rm", "--force", self.container)  # left by an owner that was killed
        self._file("var").mkdir(exist_ok=True)

    def _command(self) -> list[str]:
        ports = [f"--publish=127.0.0.1:{self.port}:5672"]
        if self.management_port:
            ports.append(f"--publish=127.0.0.1:{self.management_port}:15672")
        return [
            "docker",
            "run",
            "--rm",
            f"--name={self.container}",
            "--hostname=warren",  # part of the node's name, under which it finds its data again
            f"--user={os.getuid()}:{os.getgid()}",
            f"--volume={self._file('var')}:/var/lib/rabbitmq",
            *ports,
            *(f"--env={name}" for name in self._container_environment()),
            IMAGE,
        ]

    def _environment(self) -> dict[str, str]:
        # `docker run --env NAME` takes the value from here, so that no password is in the list of processes.
        return dict(os.environ) | self._container_environment()

    def _container_environment(self) -> dict[str, str]:
        return {
            "RABBITMQ_DEFAULT_USER": USER,
            "RABBITMQ_DEFAULT_PASS": self._password,
            "RABBITMQ_DEFAULT_VHOST": VHOST,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": QUIET,
        }

    def _end(self, ask: Signals | None) -> None:
        if self._process is not None:
            action: Sequence[str] = ("stop", "-t", f"{self.stop_seconds:.0f}") if ask else ("kill",)
            _docker(*action, self.container)
        super()._end(ask)


def _docker(*arguments: str) -> int:
    return subprocess.run(["docker", *arguments], capture_output=True, check=False, timeout=60).returncode
