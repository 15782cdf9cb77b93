"""Broadcasts to every worker process."""

from collections.abc import Callable

import structlog
from aio_pika.abc import AbstractIncomingMessage
from pydantic import ValidationError

from warren import topology
from warren.broker import Broker
from warren.contracts.control import CancelJob

log = structlog.get_logger(__name__)


async def broadcast_cancel(broker: Broker, job_id: str) -> None:
    """Tell all workers to stop a job. Raises `BrokerUnavailable`."""
    await broker.publish(topology.CONTROL, "", CancelJob(job_id=job_id).model_dump_json().encode())


async def listen(broker: Broker, on_cancel: Callable[[str], None]) -> None:
    """Call `on_cancel(job_id)` for each broadcast, until the broker closes. The queue is this process's alone."""
    channel = await broker.channel(prefetch=100)
    queue = await channel.declare_queue(exclusive=True, auto_delete=True)
    await queue.bind(topology.CONTROL)

    def receive(message: AbstractIncomingMessage) -> None:
        try:
            on_cancel(CancelJob.model_validate_json(message.body).job_id)
        except ValidationError as error:
            log.warning("control_message_unreadable", error=str(error))

    await queue.consume(_async(receive), no_ack=True)


def _async(receive: Callable[[AbstractIncomingMessage], None]):  # type: ignore[no-untyped-def]
    async def call(message: AbstractIncomingMessage) -> None:
        receive(message)

    return call
