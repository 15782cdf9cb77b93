"""Builds the gateway's parts from its settings, starts what runs beside the requests, and closes it all at the end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog

from gateway.inline import inline_sender
from gateway.intake import Intake
from gateway.limits import RateLimits
from gateway.queries import job_states
from gateway.recorder import Recorder
from gateway.relay import Relay, to_broker
from gateway.service import Gateway
from gateway.settings import GatewaySettings
from gateway.watches import Watches
from warren import database
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.gateway import JobStates, JobStatesQuery
from warren.queries import QueryClient, QueryHandlers, QueryServer

log = structlog.get_logger(__name__)


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
        )
        gateway.watches.start()
        gateway.queries.start()
        QueryServer(broker, "gateway", _answers(store)).start()
        await stack.enter_async_context(_running(gateway))
        yield gateway


def _answers(store: database.Database) -> QueryHandlers:
    async def states(query: JobStatesQuery) -> JobStates:
        return await job_states(store, query)

    return {JobStatesQuery: states}


@asynccontextmanager
async def _running(gateway: Gateway) -> AsyncIterator[None]:
    recorder = Recorder(gateway.database, gateway.broker)
    work: dict[str, Coroutine[Any, Any, None]] = {
        "intake": gateway.intake.run(),
        "relay": gateway.relay.run(),
        "mark": gateway.relay.mark(),
        "sweep": gateway.relay.sweep(),
        "recorder": recorder.run(),
    }
    tasks = [asyncio.create_task(coroutine, name=name) for name, coroutine in work.items()]
    for task in tasks:
        task.add_done_callback(_report)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _report(task: "asyncio.Task[None]") -> None:
    """A background task must not die in silence."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("background_task_died", task=task.get_name(), exc_info=task.exception())
