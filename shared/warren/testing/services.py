"""The private RabbitMQ and PostgreSQL of a test run."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from warren.embedded import EmbeddedPostgres, EmbeddedRabbitMQ, rabbitmq_server


@contextlib.contextmanager
def scratch_directory(prefix: str) -> Iterator[Path]:
    """A new directory that is deleted at the end."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def scratch_rabbitmq(*, management: bool = True) -> Iterator[EmbeddedRabbitMQ]:
    """A RabbitMQ with the management API whose data is thrown away."""
    with scratch_directory("warren-rabbitmq-") as data:
        server = rabbitmq_server(data, management=management)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextlib.contextmanager
def scratch_postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL whose data is thrown away."""
    with scratch_directory("warren-postgres-") as data:
        server = EmbeddedPostgres(data, durable=False)
        server.start()
        try:
            yield server
        finally:
            server.kill()
