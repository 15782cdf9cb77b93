"""What the routes, the streams and the earlier clients' calls have in common: submit, look at and cancel a job."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import lifecycle, views
from gateway.intake import Intake
from gateway.lifecycle import JobState, Status
from gateway.limits import RateLimits
from gateway.problems import Problem
from gateway.recorder import tell
from gateway.relay import Relay
from gateway.settings import GatewaySettings
from gateway.store import jobs as store
from gateway.streams.audio.admission import Admission
from gateway.streams.places import Places
from gateway.watches import Watches
from warren import control, events
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.base import JobPayload
from warren.contracts.events import EventType, JobEvent
from warren.database import Database
from warren.errors import BlobNotFound
from warren.queries import QueryClient

log = structlog.get_logger(__name__)


@dataclass
class Gateway:
    """The gateway's parts, made once by `bootstrap` and handed to every route as `request.app.state.gateway`."""

    settings: GatewaySettings
    database: Database
    broker: Broker
    blobs: BlobStore
    queries: QueryClient
    relay: Relay
    intake: Intake
    watches: Watches
    limits: RateLimits
    places: Places
    admission: Admission

    async def insert(
        self, connection: AsyncConnection, payload: JobPayload, key_id: str, session_id: str | None = None
    ) -> dict[str, Any]:
        """Add a job within a transaction; `publish()` it after the commit. Returns the row."""
        row = store.new_row(payload, key_id, self.settings.job_expire_seconds, session_id)
        await store.insert(connection, [row])
        return row

    def publish(self, row: dict[str, Any]) -> None:
        """Hand a committed job to the relay."""
        log.info("job_accepted", job_id=row["id"], kind=row["kind"])
        self.relay.offer(store.message(row))

    async def submit(self, payload: JobPayload, key_id: str) -> dict[str, Any]:
        """Accept a job that needs nothing else in its transaction; returns its row once that is durable.

        Jobs submitted at the same time share a transaction, which is what lets one process accept thousands a second.
        """
        row = store.new_row(payload, key_id, self.settings.job_expire_seconds)
        await self.intake.add(row)
        self.publish(row)
        return row

    async def job(self, key_id: str, job_id: str) -> sa.Row[Any]:
        """Raises a 404 `Problem`."""
        async with self.database.transaction() as connection:
            return await store.get(connection, key_id, job_id)

    async def view(self, row: sa.Row[Any]) -> dict[str, Any]:
        """The job object, with the whole result. Raises a 410 `Problem` when that is gone."""
        try:
            return await views.whole_job(row, self.blobs)
        except BlobNotFound:
            raise Problem(410, "result.expired", "The result of this job is no longer kept.") from None

    async def cancel(self, key_id: str, job_id: str) -> sa.Row[Any]:
        """Ask for the end of a job. One that waits ends at once; one that runs is stopped by its worker; one that
        has ended stays as it is. Raises a 404 `Problem`."""
        ended: list[JobEvent] = []
        async with self.database.transaction() as connection:
            await store.get(connection, key_id, job_id)
            state = (await store.lock_states(connection, [job_id]))[job_id]
            if not state.status.terminal:
                await store.request_cancel(connection, job_id)
                if state.status is not Status.in_progress:
                    ended = await end(connection, [state], EventType.cancelled, {})
            row = await store.get(connection, key_id, job_id)
        if not state.status.terminal:
            await tell(control.broadcast_cancel(self.broker, job_id))
        for event in ended:
            await tell(events.publish(self.broker, "gateway", [event]))
        return row


async def end(
    connection: AsyncConnection,
    states: Iterable[JobState],
    type: EventType,  # noqa: A002  the contract's name
    data: dict[str, Any],
) -> list[JobEvent]:
    """End jobs from the gateway's side; `states` must be locked. Returns the events to publish after the commit."""
    ending = [(state, lifecycle.next_event(state, type, data)) for state in states]
    changed = [(after, event) for state, event in ending if (after := lifecycle.apply(state, event))]
    await store.save_states(connection, [after for after, _ in changed])
    await store.add_events(connection, [event for _, event in changed])
    return [event for _, event in changed]
