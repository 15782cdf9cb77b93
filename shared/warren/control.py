"""Broadcasts to every worker process."""

from collections.abc import Callable

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from pydantic import ValidationError

from warren import topology
from warren.broker import Broker
from warren.contracts.control import CancelJob
from warren.ids import new_id

log = structlog.get_logger(__name__)


async def broadcast_cancel(broker: Broker, job_id: str) -> None:
    """Tell all workers to stop a job. Raises `BrokerUnavailable`."""
    await broker.publish(topology.CONTROL, "", CancelJob(job_id=job_id).model_dump_json().encode())


def listen(broker: Broker, on_cancel: Callable[[str], None], on_listening: Callable[[], None]) -> None:
    """Call `on_cancel(job_id)` for each broadcast, until the broker closes. The queue is this process's alone.

    Nothing is heard while RabbitMQ is away: `on_listening()` is called each time from when on broadcasts are heard.
    """

    async def receive(message: AbstractIncomingMessage) -> None:
        try:
            on_cancel(CancelJob.model_validate_json(message.body).job_id)
        except ValidationError as error:
            log.warning("control_message_unreadable", error=str(error))

    async def setup(channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(new_id("warren.control"), exclusive=True, auto_delete=True)
        await queue.bind(topology.CONTROL)
        await queue.consume(receive, no_ack=True)
        on_listening()

    broker.consume(setup)
