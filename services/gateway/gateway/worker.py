"""The gateway's Celery worker (housekeeping) and the Beat that wakes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.settings import GatewaySettings
from gateway.tasks import Tasks
from warren import database
from warren.contracts.gateway import Housekeeping
from warren.worker.beat import Schedule
from warren.worker.service import Core, Handlers, Service


@asynccontextmanager
async def bootstrap(settings: GatewaySettings, core: Core) -> AsyncIterator[Handlers]:
    url = settings.database_url.get_secret_value()
    async with database.connect(url, "warren-gateway-worker", pool_size=2) as store:
        yield Tasks(settings, store, core).handlers()


service = Service(
    name="gateway",
    settings=GatewaySettings,
    bootstrap=bootstrap,
    queues=(Housekeeping.queue,),
    schedules=(Schedule(every_seconds=60, payload=lambda slot: Housekeeping(slot=slot)),),
)
