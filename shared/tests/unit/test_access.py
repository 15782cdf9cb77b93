"""RabbitMQ's users and permissions, as the topology makes them."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from warren import access, topology
from warren.settings import BrokerUsers

PROGRAM = Path(sys.executable).with_name("warren")
PASSWORDS = dict.fromkeys(access.USERS, "secret")


def allowed(user: str, what: str, name: str) -> bool:
    """As RabbitMQ decides it."""
    return re.search(access.pattern(getattr(access.table()[user], what)), name) is not None


def test_every_job_queue_is_consumed_by_one_service() -> None:
    readers = {queue: [user for user in access.USERS if allowed(user, "read", queue)] for queue in topology.JOB_QUEUES}

    assert all(len(users) == 1 for users in readers.values()), readers
    assert {user for [user] in readers.values()} == set(access.SERVICES)


def test_every_other_queue_is_read_by_who_it_is_named_after_and_dead_jobs_by_nobody() -> None:
    for queue in topology.queues():
        readers = [user for user in access.USERS if allowed(user, "read", queue.name)]
        owner = [] if queue.name.endswith(".dead") else [re.split(r"[.-]", queue.name)[0]]
        assert readers == owner, queue.name


def test_nobody_may_make_or_delete_what_the_topology_declares_or_use_the_default_exchange() -> None:
    durable = [*topology.EXCHANGES, topology.DELAYED, *(queue.name for queue in topology.queues())]

    assert [(user, name) for user in access.USERS for name in durable if allowed(user, "configure", name)] == []
    assert [user for user in access.USERS if allowed(user, "write", "amq.default")] == []


def test_who_writes_to_a_topic_exchange_may_not_use_every_key() -> None:
    topics = {name for name, kind in topology.EXCHANGES.items() if kind == "topic"} | {topology.DELAYED}
    for user in access.SERVICES:
        written = {name for name in topics if allowed(user, "write", name)}
        assert written == access.table()[user].topics.keys()
        assert not any(re.search(keys, "nobody.job_1.started") for keys in access.table()[user].topics.values())


def test_every_user_has_a_setting_for_its_password() -> None:
    assert BrokerUsers().passwords().keys() == set(access.USERS)


def test_a_password_is_hashed_as_rabbitmq_does() -> None:
    [user] = access.definitions({"gateway": "secret"}, "/")["users"]
    stored = base64.b64decode(user["password_hash"])

    assert stored[4:] == hashlib.sha256(stored[:4] + b"secret").digest()


def test_a_user_without_a_password_is_left_alone() -> None:
    made = access.definitions({**PASSWORDS, "flower": ""}, "/")

    assert {each["user"] for each in made["permissions"]} == set(access.USERS) - {"flower"}


@pytest.mark.parametrize("given", [access.SERVICES, access.SERVICES[1:]])
def test_definitions_are_printed_when_every_service_has_a_password(given: tuple[str, ...]) -> None:
    environment = {f"WARREN_BROKER_PASSWORD_{user.upper()}": "secret" for user in given}
    done = subprocess.run(
        [PROGRAM, "topology", "definitions"], env={**environment, "WARREN_BROKER_URL": "amqp://127.0.0.1/warren"},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    if given == access.SERVICES:
        assert {each["name"] for each in json.loads(done.stdout)["users"]} == set(given)
        assert json.loads(done.stdout)["vhosts"] == [{"name": "warren"}]
        assert "secret" not in done.stdout
    else:
        assert (done.returncode, done.stderr) == (1, "These are empty: WARREN_BROKER_PASSWORD_GATEWAY\n")
