"""The events of one run: numbered, kept until RabbitMQ has confirmed them, sent together when they come together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from warren.contracts.events import EventType, JobEvent
from warren.errors import BrokerUnavailable

log = structlog.get_logger(__name__)

PublishEvents = Callable[[Sequence[JobEvent]], Awaitable[None]]

COALESCE_SECONDS = 0.02
"""How long `started` waits for company: a job that is over in less costs one message instead of two."""
RETRY_SECONDS = 1.0
"""How soon events that RabbitMQ did not take are sent again, if nothing new comes before."""
FIRST_DELAY_SECONDS = 0.1
LAST_DELAY_SECONDS = 2.0


class RunLog:
    """Numbers have no gaps, because nothing is dropped: what could not be sent goes with the next event."""

    def __init__(self, job_id: str, run: int, publish: PublishEvents) -> None:
        self._job_id = job_id
        self._run = run
        self._publish = publish
        self._n = 0
        self._pending: list[JobEvent] = []
        self._sender: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._flush: asyncio.Task[None] | None = None

    @property
    def last(self) -> int:
        """The number of the last event added; 0 before the first."""
        return self._n

    def add(self, type: EventType, data: dict[str, Any] | None = None) -> None:  # noqa: A002  the contract's name
        """Append an event; it goes out soon, or with the next `send()`."""
        self._n += 1
        event = JobEvent(
            job_id=self._job_id, run=self._run, n=self._n, type=type, at=datetime.now(UTC), data=_storable(data or {})
        )
        self._pending.append(event)
        if self._timer is None:
            self._send_in(COALESCE_SECONDS)

    async def send(self) -> None:
        """Send what waits, in order. Raises `BrokerUnavailable`; then it still waits."""
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_pending())
        # A handler that is cancelled here must not take along what RabbitMQ is just confirming: it would go out twice.
        await asyncio.shield(self._sender)

    async def _send_pending(self) -> None:
        while self._pending:
            batch = tuple(self._pending)
            await self._publish(batch)
            del self._pending[: len(batch)]

    async def finish(self, give_up: Callable[[], bool]) -> bool:
        """Send all that waits, however long RabbitMQ is away. False if `give_up()` said so before."""
        told = await insist(self.send, give_up)
        if self._timer is not None:
            self._timer.cancel()
        return told

    def _send_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._send_soon)

    def _send_soon(self) -> None:
        self._flush = asyncio.create_task(self._try_send())

    async def _try_send(self) -> None:
        try:
            await self.send()
        except BrokerUnavailable as error:
            log.warning("events_delayed", error=str(error), waiting=len(self._pending))
            self._send_in(RETRY_SECONDS)
        else:
            self._timer = None


async def insist(action: Callable[[], Awaitable[None]], give_up: Callable[[], bool]) -> bool:
    """Try `action` until RabbitMQ takes what it sends. False if `give_up()` said so before."""
    delay = FIRST_DELAY_SECONDS
    while not give_up():
        try:
            await action()
        except BrokerUnavailable as error:
            log.warning("not_sent_yet", error=str(error), retry_seconds=delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY_SECONDS)
        else:
            return True
    return False


def _storable(value: Any) -> Any:
    """The value with texts as JSON and PostgreSQL can hold them: no NUL, no halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    return value
