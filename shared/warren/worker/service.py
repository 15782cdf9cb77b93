"""A worker process: Celery takes the messages, one asyncio loop in a thread of its own runs the handlers."""

import asyncio
import importlib.metadata
import os
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import structlog
import uvloop

from warren import control, jobs, memory, topology
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.queries import QueryClient, QueryHandlers, QueryServer
from warren.settings import Settings
from warren.telemetry import health, logs, metrics, traces
from warren.worker.beat import Schedule
from warren.worker.runtime import JobHandlers, Runtime
from warren.worker.verdict import Done, Verdict

log = structlog.get_logger(__name__)

CONSUMER_STALE_SECONDS = 60.0
"""Celery's side may wait this long for a link that swallows its packets (14) before it counts as hanging."""

BEAT_STALE_SECONDS = 30.0
"""Beat's clock ticks at least every `BEAT_TICK_SECONDS`."""

S = TypeVar("S", bound=Settings)
T = TypeVar("T")


@dataclass(frozen=True)
class Handlers:
    """What a service does: job kinds and queries, each with its handler."""

    jobs: JobHandlers
    queries: QueryHandlers = field(default_factory=dict)


@dataclass(frozen=True)
class Core:
    """What the runtime lends to a service's `bootstrap`."""

    broker: Broker
    blobs: BlobStore
    queries: QueryClient
    send: jobs.Send
    """Sends jobs of the service's own."""


Bootstrap = Callable[[S, Core], AbstractAsyncContextManager[Handlers]]


@dataclass(frozen=True)
class Service(Generic[S]):
    """A service's worker side. `bootstrap(settings, core)` opens what the handlers need and closes it at the end."""

    name: str
    settings: type[S]
    bootstrap: Bootstrap[S]
    queues: tuple[str, ...]
    schedules: tuple[Schedule, ...] = ()


@asynccontextmanager
async def runtime(service: Service[S], settings: S, send: jobs.Send | None = None) -> AsyncIterator[Runtime]:
    """Everything between RabbitMQ's messages and the handlers, running on the current loop."""
    async with Broker(settings.broker_url.get_secret_value(), f"{service.name} worker") as broker:
        send = send or partial(jobs.publish, broker)
        core = Core(broker, BlobStore(settings.blobs_url), QueryClient(broker), send)
        async with service.bootstrap(settings, core) as handlers:
            made = Runtime(service.name, handlers.jobs, broker, core.blobs, core.queries, send)
            core.queries.start()
            control.listen(broker, made.cancel, made.listening)
            if handlers.queries:
                QueryServer(broker, service.name, handlers.queries).start()
            cleaning = asyncio.create_task(memory.keep_clean())
            try:
                yield made
            finally:
                cleaning.cancel()


class LoopThread:
    """The asyncio loop of a worker process. Once a second it calls `ticked`."""

    def __init__(self, ticked: Callable[[], None]) -> None:
        self._ticked = ticked
        self.loop = uvloop.new_event_loop()
        self.heartbeat = health.Heartbeat()
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self._beat()
        self.loop.run_forever()

    def _beat(self) -> None:
        self.heartbeat.beat()
        self._ticked()
        self.loop.call_later(1.0, self._beat)


class WorkerProcess(Generic[S]):
    """One `celery worker` with the service's runtime beside it. `run()` blocks until the process is told to stop."""

    def __init__(self, service: Service[S], settings: S) -> None:
        self._service = service
        self._settings = settings
        self._loop = LoopThread(self._beat)
        self._file = health.HeartbeatFile(settings.heartbeat_file)
        self._consumer = health.Heartbeat(CONSUMER_STALE_SECONDS)
        self._runtime: Runtime | None = None
        self._running: set[asyncio.Task[Verdict]] = set()

    def run(self) -> int:
        """Returns the exit code."""
        # Celery is imported late: it reads the environment when it is.
        from warren.worker.celery_app import make_app, make_worker  # noqa: PLC0415

        self._loop.start()
        context = runtime(self._service, self._settings)
        self._runtime = self._loop.submit(context.__aenter__()).result()
        app = make_app(self._service.name, self._settings, self._service.queues, self._runtime.kinds, self)
        worker = make_worker(app, self._settings.worker_concurrency, self.node_name)
        server = self._serve_health(worker)
        memory.settle()
        metrics.begin(self._runtime.kinds.items())
        # Without process id: the series goes on when the worker is started again.
        host = f"{self._service.name}@{socket.gethostname()}"
        metrics.TASKS_ACTIVE.labels(host).set_function(partial(getattr, self._runtime, "active", 0))
        up = metrics.WORKER_UP.labels(host)
        try:
            up.set(1)
            worker.start()
        finally:
            up.set(0)
            self._loop.submit(context.__aexit__(None, None, None)).result()
            self._loop.stop()
            if server is not None:
                server.stop()
        return int(worker.exitcode or 0)

    @property
    def node_name(self) -> str:
        # Celery refuses a name that is used twice, which a restart on the same host would do.
        return f"{self._service.name}-{os.getpid()}-{uuid.uuid4().hex[:6]}@{socket.gethostname()}"

    def start_run(self, kind: str, queue: str, arguments: dict[str, Any], redeliveries: int, done: Done) -> None:
        """Called in Celery's thread for each message; `done` is called on the loop when the job's run is over."""
        self._loop.loop.call_soon_threadsafe(self._start_run, (kind, queue, arguments, redeliveries), done)

    def _start_run(self, message: tuple[str, str, dict[str, Any], int], done: Done) -> None:
        assert self._runtime is not None  # noqa: S101  set before the worker starts

        def over(run: asyncio.Task[Verdict]) -> None:
            self._running.discard(run)
            if run.cancelled() or run.exception() is not None:
                log.critical("run_crashed", kind=message[0], exc_info=None if run.cancelled() else run.exception())
                done(Verdict.requeue)
            else:
                done(run.result())

        run = self._loop.loop.create_task(self._runtime.run(*message))
        self._running.add(run)
        run.add_done_callback(over)

    def consumer_moved(self) -> None:
        self._consumer.beat()

    def _beat(self) -> None:
        if self._consumer.alive():
            self._file.beat()

    def connection_lost(self) -> None:
        if self._runtime is not None:
            self._loop.loop.call_soon_threadsafe(self._runtime.connection_lost)

    def drain(self) -> None:
        if self._runtime is not None:
            self._loop.submit(self._runtime.drain(self._settings.shutdown_grace_seconds)).result()

    def _serve_health(self, worker: Any) -> health.HealthServer | None:
        return health.serve(
            self._settings,
            live={"loop": self._loop.heartbeat.alive, "consumer": self._consumer.alive},
            ready={"loop": self._loop.heartbeat.alive, "consumer": lambda: _consuming(worker)},
        )


def _consuming(worker: Any) -> bool:
    consumer = getattr(worker, "consumer", None)
    return consumer is not None and bool(consumer.consuming)


def run_worker(service: Service[Any]) -> int:
    """Run the service's worker until it is told to stop; returns the exit code."""
    settings = _start(service)
    unknown = set(service.queues) - set(topology.JOB_QUEUES)
    if unknown:
        raise ValueError(f"queues that are not in warren.topology: {', '.join(sorted(unknown))}")
    return WorkerProcess(service, settings).run()


def run_beat(service: Service[Any]) -> None:
    """Run the clock that sends the service's scheduled jobs, until told to stop."""
    # Celery is imported late: it reads the environment when it is.
    from warren.worker.celery_app import make_beat  # noqa: PLC0415

    settings = _start(service)
    ticks, file = health.Heartbeat(BEAT_STALE_SECONDS), health.HeartbeatFile(settings.heartbeat_file)

    def ticked() -> None:
        ticks.beat()
        file.beat()

    # While RabbitMQ is away a tick takes as long as that: not ready, but alive.
    health.serve(settings, live={}, ready={"clock": ticks.alive})
    make_beat(service.name, settings, service.schedules, ticked)()


def _start(service: Service[Any]) -> Any:
    """Settings, and telemetry set up by them."""
    settings = service.settings()
    logs.configure(service.name, level=settings.log_level, format=settings.log_format)
    traces.configure(service.name, settings.otlp_endpoint)
    metrics.BUILD.info({"service": service.name, "version": importlib.metadata.version("warren")})
    return settings
