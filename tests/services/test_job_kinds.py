"""Every job kind has a queue, a service that takes that queue and knows the kind, and a worker that `make run` starts.

Services are found as the gateway finds them: by their entry point.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar

import pytest

from warren import contracts, jobs, topology
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.analyzer import CsvAnalysis
from warren.contracts.base import JobPayload
from warren.queries import QueryClient
from warren.worker.service import Core, Service
from warren_local import plan

SERVICES: dict[str, Service[Any]] = {point.name: point.load() for point in entry_points(group="warren.services")}
KINDS: list[type[JobPayload]] = [
    item
    for info in pkgutil.iter_modules(contracts.__path__)
    for item in vars(importlib.import_module(f"warren.contracts.{info.name}")).values()
    if isinstance(item, type) and issubclass(item, JobPayload) and item.__module__ == f"warren.contracts.{info.name}"
    if item is not JobPayload
]
Table = Mapping[str, set[type[JobPayload]]]
"""Which kinds each service has handlers for."""


@pytest.fixture
async def handled(tmp_path: Path) -> Table:
    """The tables as the services' own `bootstrap` makes them. Nothing connects: there are no servers."""
    broker = Broker("amqp://nobody@127.0.0.1:1/", "test")
    core = Core(broker, BlobStore(tmp_path.as_uri()), QueryClient(broker), partial(jobs.publish, broker))
    table = {}
    for name, service in SERVICES.items():
        async with service.bootstrap(service.settings(), core) as handlers:
            table[name] = set(handlers.jobs)
    return table


def unserved(kinds: Iterable[type[JobPayload]], handled: Table) -> list[str]:
    """Kinds that would wait for ever, or that the worker who takes them does not know."""
    found = []
    for kind in kinds:
        takers = [name for name, service in SERVICES.items() if kind.queue in service.queues]
        known = bool(takers) and all(kind in handled[name] for name in takers)
        if kind.queue not in topology.JOB_QUEUES or not known:
            found.append(kind.kind)
    return found


async def test_every_kind_has_a_queue_and_whoever_takes_it_knows_the_kind(handled: Table) -> None:
    assert len(KINDS) >= 2
    assert unserved(KINDS, handled) == []


async def test_a_kind_without_a_handler_a_taker_or_a_queue_would_be_noticed(handled: Table) -> None:
    class Unhandled(JobPayload):
        kind: ClassVar[str] = "analyzer.unhandled"
        queue: ClassVar[str] = CsvAnalysis.queue

    class Unqueued(JobPayload):
        kind: ClassVar[str] = "analyzer.unqueued"
        queue: ClassVar[str] = "analyzer-forgotten"

    assert unserved([Unhandled, Unqueued], handled) == ["analyzer.unhandled", "analyzer.unqueued"]


async def test_whatever_has_a_handler_is_a_contract(handled: Table) -> None:
    assert {kind for kinds in handled.values() for kind in kinds} == set(KINDS)


def test_every_queue_is_taken_by_exactly_one_service() -> None:
    taken = sorted(queue for service in SERVICES.values() for queue in service.queues)

    assert taken == sorted(topology.JOB_QUEUES)


def test_what_is_scheduled_is_a_known_kind() -> None:
    scheduled = [type(schedule.payload("")) for service in SERVICES.values() for schedule in service.schedules]

    assert scheduled
    assert set(scheduled) <= set(KINDS)


@pytest.mark.parametrize("name", SERVICES)
def test_make_run_starts_its_worker_and_the_clock_of_its_schedules(name: str) -> None:
    commands = {line.command for line in plan.PROCESSES}

    assert SERVICES[name].name == name
    assert f"{name} worker" in commands
    assert not SERVICES[name].schedules or f"{name} beat" in commands
