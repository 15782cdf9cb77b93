"""Who may do what at RabbitMQ: a user for each service, with what its code needs and no more.

Derived from the topology. `warren topology users` makes them; `warren topology definitions` prints them as a file
that RabbitMQ imports. RabbitMQ matches the patterns below against names of exchanges and queues, and those of topics
against routing keys. To make a thing needs `configure`; to publish to an exchange, or to bind a queue to something,
`write`; to consume a queue, or to bind something to an exchange, `read`
(https://www.rabbitmq.com/docs/access-control).
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from warren import topology

SERVICES = ("gateway", "analyzer", "transcriber", "digest")
USERS = (*SERVICES, "flower", "monitor")
"""`flower` sees Celery's events; `monitor` sees how long queues are, for what scales the workers. The administrator is
not of these: who installs RabbitMQ made it."""

OWN = (r"warren\.control_\w+", r"warren\.reply_\w+")
"""Queues of a process's own, which die with it; RabbitMQ keeps everybody else off them."""
WATCH = r"gateway\.watch_\w+"
STREAM = r"audio\.\w+"
STREAM_JOBS = "transcriber-streams"
"""Its workers are counted by the gateway. RabbitMQ 4.3 tells of a queue only who may do something with it, and with
`write` one could bind it, which does little."""
CELERY_EVENTS = "celeryev"
"""Where Celery's task events go, for Flower (`WARREN_CELERY_EVENTS`)."""
REMOTE_CONTROL = (r"celery\.pidbox", r"reply\.celery\.pidbox", r"[\w-]+\.reply\.celery\.pidbox")
"""What Flower asks workers through; ours do not listen."""


@dataclass(frozen=True)
class Access:
    """What a user may do: patterns of names, and for topic exchanges those of routing keys it may write to them."""

    configure: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    topics: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def own_job_queues(service: str) -> tuple[str, ...]:
    """The job queues that a service's workers consume: named after it, and after the class of work."""
    return tuple(name for name in topology.JOB_QUEUES if name == service or name.startswith(f"{service}-"))


def of_service(service: str) -> Access:
    """What the processes of a service may do."""
    jobs = own_job_queues(service)
    queries = (topology.query_queue(service),) if service in topology.QUERY_QUEUES else ()
    own_keys = f"({'|'.join(map(re.escape, jobs))})"
    access = Access(
        configure=(*OWN, CELERY_EVENTS),
        write=(
            *OWN,
            *map(re.escape, (topology.JOBS, topology.DELAYED, topology.EVENTS, topology.QUERIES, topology.REPLIES)),
            CELERY_EVENTS,
        ),
        read=(*OWN, *map(re.escape, (*jobs, *queries, topology.CONTROL, topology.REPLIES))),
        topics={
            topology.JOBS: f"^{own_keys}$",
            topology.DELAYED: rf"^[01.]+\.{own_keys}$",  # the delay in binary, then the queue
            topology.EVENTS: rf"^{service}(-\w+)*\.",
        },
    )
    additions = {"gateway": _gateway(), "transcriber": _stream()}
    return _with(access, additions.get(service, Access()))


def _gateway() -> Access:
    """It accepts jobs for everybody, records what becomes of them, and lends its users' ears and voices to streams."""
    stream = _stream()
    return Access(
        configure=(*stream.configure, WATCH),
        write=(*stream.write, WATCH, *map(re.escape, (STREAM_JOBS, topology.CONTROL, topology.AUDIO, topology.DEAD))),
        read=(*stream.read, WATCH, *map(re.escape, (topology.RECORDER, topology.EVENTS))),
        topics={
            topology.JOBS: f"^({'|'.join(map(re.escape, topology.JOB_QUEUES))})$",
            topology.DEAD: f"^{re.escape(topology.RECORDER)}$",  # events that it cannot record
        },
    )


def _stream() -> Access:
    """Both ends of a live stream make its queue."""
    return Access(configure=(STREAM,), write=(STREAM,), read=(STREAM, re.escape(topology.AUDIO)))


def _with(access: Access, more: Access) -> Access:
    return Access(
        configure=access.configure + more.configure,
        write=access.write + more.write,
        read=access.read + more.read,
        topics={**access.topics, **more.topics},
    )


def table() -> dict[str, Access]:
    """Every user's access."""
    flower = (CELERY_EVENTS, rf"{CELERY_EVENTS}\..+", *REMOTE_CONTROL)
    others = {"flower": Access(flower, flower, flower), "monitor": Access(tags=("monitoring",))}
    return {**{service: of_service(service) for service in SERVICES}, **others}


def pattern(names: Iterable[str]) -> str:
    """One regular expression that matches whole names, as RabbitMQ wants it; `^$` matches none."""
    return f"^({'|'.join(names)})$" if names else "^$"


def definitions(passwords: Mapping[str, str], vhost: str) -> dict[str, Any]:
    """RabbitMQ's definitions of those users that have a password, and of their permissions in a virtual host."""
    users = {user: access for user, access in table().items() if passwords.get(user)}
    return {
        "users": [
            {
                "name": user,
                "password_hash": _hashed(passwords[user]),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": list(access.tags),
            }
            for user, access in users.items()
        ],
        "vhosts": [{"name": vhost}],
        "permissions": [
            {
                "user": user,
                "vhost": vhost,
                "configure": pattern(access.configure),
                "write": pattern(access.write),
                "read": pattern(access.read),
            }
            for user, access in users.items()
        ],
        "topic_permissions": [
            {"user": user, "vhost": vhost, "exchange": exchange, "write": keys, "read": ".*"}
            for user, access in users.items()
            for exchange, keys in access.topics.items()
        ],
    }


def _hashed(password: str) -> str:
    """As RabbitMQ stores it: a salt of 4 bytes, then SHA-256 of both (https://www.rabbitmq.com/docs/passwords)."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
