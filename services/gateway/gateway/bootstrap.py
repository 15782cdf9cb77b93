"""Builds the gateway's parts from its settings, starts what runs beside the requests, and closes it all at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import structlog

from gateway.inline import inline_sender
from gateway.intake import Intake
from gateway.limits import RateLimits
from gateway.queries import job_states
from gateway.recorder import Recorder
from gateway.relay import Relay, to_broker
from gateway.service import Gateway
from gateway.settings import GatewaySettings
from gateway.streams.audio.admission import Admission
from gateway.streams.places import Places
from gateway.watches import Watches
from warren import database, memory
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.gateway import JobStates, JobStatesQuery
from warren.queries import QueryClient, QueryHandlers, QueryServer

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
FIRST_CONNECTION_SECONDS = 3.0
"""How long a new replica waits for RabbitMQ before it serves: else its first streams and queries would be refused."""


@asynccontextmanager
async def bootstrap(settings: GatewaySettings) -> AsyncIterator[Gateway]:
    """The running gateway. Neither RabbitMQ nor PostgreSQL needs to be there yet."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            database.connect(settings.database_url.get_secret_value(), "warren-gateway")
        )
        broker = await stack.enter_async_context(Broker(settings.broker_url.get_secret_value(), "gateway"))
        send = await stack.enter_async_context(inline_sender()) if settings.inline else to_broker(broker)
        gateway = Gateway(
            settings=settings,
            database=store,
            broker=broker,
            blobs=BlobStore(settings.blobs_url),
            queries=QueryClient(broker),
            relay=Relay(store, send, settings.unsent_sweep_seconds),
            intake=Intake(store),
            watches=Watches(store, broker),
            limits=RateLimits(),
            places=Places(store, settings.max_sockets_per_key),
            admission=Admission(settings, store, broker),
        )
        gateway.queries.start()
        QueryServer(broker, "gateway", _answers(store)).start()
        await stack.enter_async_context(_running(gateway))
        with suppress(TimeoutError):
            await asyncio.wait_for(broker.ready(), FIRST_CONNECTION_SECONDS)
        yield gateway


def _answers(store: database.Database) -> QueryHandlers:
    async def states(query: JobStatesQuery) -> JobStates:
        return await job_states(store, query)

    return {JobStatesQuery: states}


@asynccontextmanager
async def _running(gateway: Gateway) -> AsyncIterator[None]:
    recorder = Recorder(gateway.database, gateway.broker)
    recorder.start()
    gateway.watches.start()
    work: dict[str, Callable[[], Awaitable[None]]] = {
        "intake": gateway.intake.run,
        "relay": gateway.relay.run,
        "mark": gateway.relay.mark,
        "sweep": gateway.relay.sweep,
        "recorder": recorder.run,
        "watches": gateway.watches.run,
        "places": gateway.places.run,
        "memory": memory.keep_clean,
    }
    tasks = [asyncio.create_task(_keep_running(name, run), name=name) for name, run in work.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_running(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """A background task must not die: the gateway would go on and do half of its work."""
    while True:
        try:
            await run()
        except Exception:
            log.critical("background_task_crashed", task=name, exc_info=True, retry_seconds=RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)
