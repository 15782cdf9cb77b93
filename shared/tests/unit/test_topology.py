"""The table of exchanges, queues and routing keys."""

import pytest

from warren import topology
from warren.topology import Binding

QUEUES = {queue.name: queue for queue in topology.queues()}
DEAD = {topology.dead_queue(name) for name in (*topology.JOB_QUEUES, topology.RECORDER)}


def test_no_routing_key_is_a_dotted_suffix_of_another() -> None:
    """Celery's delayed delivery binds a queue as `#.<its key>`: one that ends like another's would get its jobs."""
    keys = topology.JOB_QUEUES

    assert not [(one, other) for one in keys for other in keys if one != other and other.endswith(f".{one}")]
    assert not [key for key in keys if "." in key]


def test_names_are_unique_and_bound_to_exchanges_that_exist() -> None:
    names = [queue.name for queue in topology.queues()]

    assert len(names) == len(set(names))
    assert {binding.exchange for queue in QUEUES.values() for binding in queue.bindings} <= set(topology.EXCHANGES)


@pytest.mark.parametrize("name", [*topology.JOB_QUEUES, topology.RECORDER])
def test_a_queue_moves_poison_aside_instead_of_dropping_it(name: str) -> None:
    arguments = QUEUES[name].arguments

    assert arguments["x-queue-type"] == "quorum"
    # Recording an event kills nobody: the limit is for jobs.
    limit = topology.NO_LIMIT if name == topology.RECORDER else topology.DELIVERY_LIMIT
    assert arguments["x-delivery-limit"] == limit
    assert arguments["x-dead-letter-strategy"] == "at-least-once"
    assert arguments["x-overflow"] == "reject-publish"
    route = Binding(arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"])
    assert route in QUEUES[topology.dead_queue(name)].bindings


def test_only_queues_whose_messages_nobody_waits_for_long_have_no_dead_letters() -> None:
    without = {name for name, queue in QUEUES.items() if "x-dead-letter-exchange" not in queue.arguments}

    assert without == DEAD | {topology.query_queue(service) for service in topology.QUERY_QUEUES}
    assert all("x-message-ttl" in QUEUES[name].arguments for name in without - DEAD)


def test_the_recorder_hears_all_events_but_live_ones_and_of_every_dead_job() -> None:
    assert set(QUEUES[topology.RECORDER].bindings) == {
        Binding(topology.EVENTS, topology.RECORDED),
        *(Binding(topology.DEAD, name) for name in topology.JOB_QUEUES),
    }


@pytest.mark.parametrize("name", QUEUES)
def test_kombu_is_given_the_same_queue(name: str) -> None:
    queue = QUEUES[name]
    made = topology.kombu_queue(queue)
    bindings = {Binding(binding.exchange.name, binding.routing_key) for binding in made.bindings}
    if made.exchange.name:
        bindings.add(Binding(made.exchange.name, made.routing_key))

    assert made.name == name
    assert made.durable
    assert made.queue_arguments == queue.arguments
    assert bindings == set(queue.bindings)


def test_a_stream_has_a_queue_that_keeps_order_refuses_what_it_cannot_hold_and_goes_away() -> None:
    queue = topology.audio_queue("job_1")

    assert queue.bindings == (Binding(topology.AUDIO, "job_1"),)
    assert queue.arguments["x-single-active-consumer"] is True
    assert queue.arguments["x-overflow"] == "reject-publish"
    assert queue.arguments["x-expires"] > 0
    assert queue.arguments["x-delivery-limit"] == topology.NO_LIMIT


def test_jobs_that_take_hours_are_not_taken_back_before() -> None:
    long = {name for name in topology.JOB_QUEUES if "x-consumer-timeout" in QUEUES[name].arguments}

    assert long == {"transcriber-streams", "transcriber-files", "digest-builds", "analyzer-batches", "analyzer-llm"}
