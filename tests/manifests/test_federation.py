"""Two regions, each with a broker of its own, made from the manifests: what the primary accepts is kept by the standby,
and a promotion has it run once."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx2
import kombu
import pytest
import yaml

from warren import topology
from warren.broker import Broker
from warren.contracts.gateway import JobStates, JobStatesQuery
from warren.embedded import EmbeddedRabbitMQ, find_rabbitmq
from warren.embedded.rabbitmq import METRICS, VHOST
from warren.ids import new_id
from warren.jobs import JobMessage, publish
from warren.queries import QueryServer
from warren.testing.processes import Programs, until
from warren.testing.script import JOURNAL, Journal, Script
from warren.testing.services import scratch_directory

from .observability import exposed, metrics

ROOT = Path(__file__).parents[2]
STANDBY = ROOT / "k8s" / "components" / "replica-region"
SECONDS = 60.0
PLUGINS = ("rabbitmq_federation", "rabbitmq_shovel", METRICS)
KEPT = f"replica.{Script.queue}"
LATER = {"queue-type"}
"""Terms of an upstream that RabbitMQ 3.10 does not know; there a federation's queue is a classic one."""
FROM_ELSEWHERE = {"rabbitmq_federation_links"}
"""Metrics of plugins that RabbitMQ 3.10 does not have."""


class Region:
    """A broker with Warren's topology, to which the operator's objects are given as the operator would."""

    def __init__(self, server: EmbeddedRabbitMQ) -> None:
        self.server = server
        self.api = httpx2.Client(base_url=server.management_url, trust_env=False, timeout=30)

    def apply(self, path: Path, uris: dict[str, dict[str, str]]) -> None:
        """Make what a file describes; `uris` are the secrets it names."""
        for item in yaml.safe_load_all(path.read_text("utf-8")):
            spec = item["spec"]
            match item["kind"]:
                case "Exchange":
                    self._put(f"exchanges/{VHOST}/{spec['name']}", {"type": spec["type"], "durable": True})
                case "Queue":
                    arguments = {"x-queue-type": spec["type"], **spec["arguments"]}
                    self._put(f"queues/{VHOST}/{spec['name']}", {"durable": True, "arguments": arguments})
                case "Binding":
                    address = f"bindings/{VHOST}/e/{spec['source']}/q/{spec['destination']}"
                    self._send("POST", address, {"routing_key": spec["routingKey"]})
                case "Policy":
                    terms = {key: spec[key] for key in ("pattern", "definition")} | {"apply-to": spec["applyTo"]}
                    self._put(f"policies/{VHOST}/{spec['name']}", terms)
                case "Federation" | "Shovel" as kind:
                    component = "federation-upstream" if kind == "Federation" else "shovel"
                    value = {**_terms(spec), **uris[spec["uriSecret"]["name"]]}
                    self._put(f"parameters/{component}/{VHOST}/{spec['name']}", {"value": value})
                case "User":
                    self._put(f"users/{item['metadata']['name']}", {"password": "secret", "tags": ""})
                case "Permission":
                    self._put(f"permissions/{VHOST}/{spec['user']}", spec["permissions"])

    def waiting(self, queue: str) -> int:
        """Messages that are ready in a queue."""
        with kombu.Connection(self.server.url) as connection:
            return int(kombu.Queue(queue)(connection).queue_declare(passive=True)[1])

    def federated(self) -> set[str]:
        """Routing keys of the jobs that links of other regions copy from here."""
        bindings = self.api.get(f"exchanges/{VHOST}/{topology.JOBS}/bindings/source").json()
        return {each["routing_key"] for each in bindings if each["destination"].startswith("federation: ")}

    def shovels(self) -> list[Any]:
        found: list[Any] = self.api.get(f"parameters/shovel/{VHOST}").json()
        return found

    def metrics(self) -> set[str]:
        """Names of what it tells Prometheus."""
        paths = ("", "/detailed?family=queue_coarse_metrics&family=queue_consumer_count")
        address = f"http://127.0.0.1:{self.server.metrics_port}/metrics"
        return set().union(*(exposed(urlopen(address + path, timeout=30).read().decode()) for path in paths))

    def _put(self, path: str, body: dict[str, Any]) -> None:
        self._send("PUT", path, body)

    def _send(self, method: str, path: str, body: dict[str, Any]) -> None:
        answer = self.api.request(method, path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"


def _terms(spec: dict[str, Any]) -> dict[str, Any]:
    """The operator's names as RabbitMQ's: `ackMode` is `ack-mode`, `messageTTL` is `message-ttl`."""
    told = {
        key: value
        for key, value in spec.items()
        if key not in {"name", "vhost", "uriSecret"} and "Reference" not in key
    }
    named = {
        "".join(f"-{c.lower()}" if c.isupper() else c for c in key.replace("TTL", "Ttl")): v for key, v in told.items()
    }
    return {key: value for key, value in named.items() if key not in LATER}


@pytest.fixture(scope="module")
def regions() -> Iterator[tuple[Region, Region]]:
    """The primary and a standby, started side by side."""
    if find_rabbitmq() is None:
        pytest.skip("needs RabbitMQ's programs: its plugins cannot be chosen in the container")
    with ExitStack() as stack:
        folders = [stack.enter_context(scratch_directory(f"warren-{name}-")) for name in ("primary", "standby")]
        servers = [EmbeddedRabbitMQ(folder, management=True, plugins=PLUGINS) for folder in folders]
        for server in servers:
            stack.callback(server.kill)

        def start(server: EmbeddedRabbitMQ) -> Region:
            server.start()
            topology.declare(server.url)
            return Region(server)

        with ThreadPoolExecutor(2) as pool:
            primary, standby = pool.map(start, servers)
        yield primary, standby


@pytest.mark.timeout(300)  # two brokers start, on a machine that may be busy
async def test_what_the_primary_accepts_is_kept_by_the_standby_and_runs_once_after_a_promotion(
    regions: tuple[Region, Region], tmp_path: Path
) -> None:
    primary, standby = regions
    primary.apply(ROOT / "k8s" / "overlays" / "us-east" / "primary.yaml", {})
    upstream = primary.server.url.partition("@")[2]
    standby.apply(STANDBY / "federation.yaml", {"warren-upstream": {"uri": f"amqp://replica:secret@{upstream}"}})
    await until(lambda: primary.federated() == set(topology.JOB_QUEUES), SECONDS, "the links")

    messages = [JobMessage.of(new_id("job"), Script(runs=(("progress x",),))) for _ in range(3)]
    ended, *open_ = (message.job_id for message in messages)
    async with Broker(primary.server.url, "gateway") as broker:
        await broker.ready()
        for message in messages:
            await publish(broker, message)
    await until(lambda: standby.waiting(KEPT) == 3, SECONDS, "three copies")
    assert primary.waiting(Script.queue) == 3, "copies: the primary keeps its messages"
    assert standby.waiting(Script.queue) == 0, "nobody may run them twice"
    named = metrics("rabbitmq_") - FROM_ELSEWHERE
    await until(lambda: named <= standby.metrics(), SECONDS, f"all of {sorted(named)}")

    primary.server.kill()
    journal = Journal(tmp_path / "journal")
    programs = Programs(
        {
            "WARREN_BROKER_URL": standby.server.url,
            "WARREN_BLOBS_URL": tmp_path.as_uri(),
            JOURNAL: str(tmp_path / "journal"),
        },
        tmp_path,
    )
    own = {"warren-shovel": {"src-uri": standby.server.url, "dest-uri": standby.server.url}}
    async with Broker(standby.server.url, "gateway") as gateway:
        # The standby's database followed the primary's: it knows that one job had ended there.
        QueryServer(gateway, "gateway", {JobStatesQuery: _states(ended)}).start()
        await gateway.ready()
        try:
            worker = await programs.worker("warren.testing.script")
            for _ in range(2):
                await asyncio.to_thread(standby.apply, STANDBY / "promotion" / "shovels.yaml", own)
                await until(lambda: not standby.shovels(), SECONDS, "all copies to be handed over")
                await until(
                    lambda: all((1, "end") in journal.of(job) for job in open_), SECONDS, "the open jobs to run"
                )
            await worker.logged("job_already_finished")
        finally:
            await programs.end()
    assert {job: journal.runs(job) for job in (ended, *open_)} == {ended: [], **{job: [1] for job in open_}}
    assert standby.waiting(KEPT) == standby.waiting(Script.queue) == 0


def _states(ended: str) -> Any:
    async def states(_: JobStatesQuery) -> JobStates:
        return JobStates(finished=(ended,))

    return states
