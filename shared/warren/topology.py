"""Every exchange, queue and routing key of the suite, in one table. Nothing is declared anywhere else.

`warren topology declare` makes it all at deployment, before anything is published: a delayed message sent before
the delay exchanges exist would be lost. RELIABILITY: a routing key of a job queue is the queue's name, and none may be
a dotted suffix of another, because Celery's delayed delivery binds queues as `#.<routing key>`.
"""

from dataclasses import dataclass
from typing import Any

import kombu
from kombu.transport.native_delayed_delivery import (
    bind_queue_to_native_delayed_delivery_exchange,
    declare_native_delayed_delivery_exchanges_and_queues,
)

JOBS = "warren.jobs"
EVENTS = "warren.events"
CONTROL = "warren.control"
QUERIES = "warren.queries"
REPLIES = "warren.replies"
AUDIO = "warren.audio"
DEAD = "warren.dead"

EXCHANGES = {
    JOBS: "topic",
    EVENTS: "topic",
    CONTROL: "fanout",
    QUERIES: "direct",
    REPLIES: "direct",
    AUDIO: "direct",
    DEAD: "topic",
}
"""Name → type. All are durable. Nobody uses the default exchange: who may publish there reaches every queue."""

JOB_QUEUES = (
    "analyzer",
    "analyzer-bulk",
    "analyzer-batches",
    "analyzer-llm",
    "gateway",
    "transcriber-streams",
    "transcriber-files",
    "digest",
    "digest-builds",
    "digest-batches",
    "digest-chat",
)
"""One per service and class of work; the name is also the routing key on `warren.jobs`."""

QUERY_QUEUES = ("analyzer", "digest", "gateway")
"""Services that answer queries: each has a queue `<service>.queries`, bound to `warren.queries` by its name."""

RECORDER = "gateway.recorder"
RECORDED = "*.*.*"
"""Its binding on `warren.events`: all events but the live ones, whose routing key is one word longer."""

DELIVERY_LIMIT = 3
"""Redeliveries after which a message is dead: four runs in all."""

NO_LIMIT = 1_000_000
"""For messages that cannot kill who reads them. Without a number, RabbitMQ 4 drops them at the 20th redelivery."""

LONG_JOBS = ("transcriber-streams", "transcriber-files", "digest-builds", "analyzer-batches", "analyzer-llm")
LONG_JOB_MILLISECONDS = 5 * 3600 * 1000
"""RabbitMQ takes a message back that is not acknowledged for half an hour; those of these queues may take hours.
Versions before 3.12 know no such argument of a queue: they need `consumer_timeout` in their own configuration."""

AUDIO_EXPIRES_MILLISECONDS = 300_000
"""A stream's queue is deleted when nobody has consumed it for so long."""
AUDIO_MAX_CHUNKS = 4096
AUDIO_MAX_BYTES = 32 * 1024 * 1024
"""What may wait for a transcriber that is busy or away; then chunks are refused."""

DELAYED = "celery_delayed_27"
"""First exchange of Celery's native delayed delivery; it takes delays up to 2**28 seconds."""


@dataclass(frozen=True)
class Binding:
    exchange: str
    routing_key: str


@dataclass(frozen=True)
class Queue:
    """A durable queue. `arguments` are RabbitMQ's `x-` arguments."""

    name: str
    bindings: tuple[Binding, ...]
    arguments: dict[str, Any]


def dead_queue(queue: str) -> str:
    return f"{queue}.dead"


def query_queue(service: str) -> str:
    return f"{service}.queries"


def _quorum(name: str, **arguments: Any) -> dict[str, Any]:
    """A queue that survives a node, refuses what it cannot keep, and moves poison aside instead of dropping it."""
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-routing-key": name,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
        **arguments,
    }


def job_queue(name: str) -> Queue:
    long = {"x-consumer-timeout": LONG_JOB_MILLISECONDS} if name in LONG_JOBS else {}
    return Queue(name, (Binding(JOBS, name),), _quorum(name, **long))


def audio_queue(stream_id: str) -> Queue:
    """The queue of one live stream, which its gateway and its transcriber both declare and the transcriber deletes.

    One consumer at a time, so that chunks stay in order when another worker takes over. No delivery limit: a chunk
    is innocent of what kills the workers that hold it, and the job that reads it has a limit of its own.
    """
    return Queue(
        f"audio.{stream_id}",
        (Binding(AUDIO, stream_id),),
        {
            "x-queue-type": "quorum",
            "x-delivery-limit": NO_LIMIT,
            "x-single-active-consumer": True,
            "x-expires": AUDIO_EXPIRES_MILLISECONDS,
            "x-max-length": AUDIO_MAX_CHUNKS,
            "x-max-length-bytes": AUDIO_MAX_BYTES,
            "x-overflow": "reject-publish",
        },
    )


def queues() -> list[Queue]:
    """The whole table of durable queues; replicas and workers add only exclusive ones that die with them."""
    jobs = [job_queue(name) for name in JOB_QUEUES]
    recorder = Queue(
        RECORDER,
        # The recorder also reads dead jobs, to end them: a job that kills its workers must not stay "in progress".
        (Binding(EVENTS, RECORDED), *(Binding(DEAD, name) for name in JOB_QUEUES)),
        # One replica at a time records, the others stand by: that keeps a job's events in order.
        _quorum(RECORDER, **{"x-single-active-consumer": True, "x-delivery-limit": NO_LIMIT}),
    )
    dead = [
        Queue(dead_queue(name), (Binding(DEAD, name),), {"x-queue-type": "quorum", "x-delivery-limit": NO_LIMIT})
        for name in (*JOB_QUEUES, RECORDER)
    ]
    asked = [
        Queue(
            query_queue(service),
            (Binding(QUERIES, service),),
            # Who asked has given up after this long; an answer would go nowhere.
            {"x-queue-type": "quorum", "x-message-ttl": 30_000},
        )
        for service in QUERY_QUEUES
    ]
    return [*jobs, recorder, *dead, *asked]


def kombu_queue(queue: Queue, *, declare: bool = True) -> kombu.Queue:
    """The same queue as kombu and Celery know it. Without `declare` they use it and never make it."""
    made = kombu.Queue(queue.name, durable=True, queue_arguments=queue.arguments, no_declare=not declare)
    if len(queue.bindings) == 1:
        # Celery takes the routing key of a job from its queue, and looks for it in this place.
        (only,) = queue.bindings
        made.exchange, made.routing_key = _exchange(only.exchange), only.routing_key
    else:
        made.bindings = {kombu.binding(_exchange(b.exchange), routing_key=b.routing_key) for b in queue.bindings}
    return made


def _exchange(name: str) -> kombu.Exchange:
    return kombu.Exchange(name, type=EXCHANGES[name], durable=True)


def declare(broker_url: str) -> None:
    """Make the whole topology; what exists already is left as it is.

    Raises `OSError` or kombu's `OperationalError` if RabbitMQ is away, and `amqp.PreconditionFailed` if a queue exists
    with other arguments.
    """
    with kombu.Connection(broker_url, connect_timeout=10) as connection:
        connection.connect()  # tries twice; what comes next would try for ten seconds and more
        channel = connection.default_channel
        for name in EXCHANGES:
            _exchange(name)(channel).declare()
        declare_native_delayed_delivery_exchanges_and_queues(connection, "quorum")
        for queue in queues():
            kombu_queue(queue)(channel).declare()
        for name in JOB_QUEUES:
            bind_queue_to_native_delayed_delivery_exchange(connection, kombu_queue(job_queue(name)))
