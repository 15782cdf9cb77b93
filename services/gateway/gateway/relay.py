"""Sends accepted jobs to RabbitMQ. A job's row is its own outbox, so whatever dies, nothing accepted is lost.

A job is offered right after its commit and published at once, together with others that came in meanwhile. A sweep
finds what was left behind: by a gateway that died in between, or by an outage of RabbitMQ. A job may so be published
twice; its id makes that harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Gauge

from gateway.batches import next_batch
from gateway.store import jobs as store
from warren import jobs
from warren.broker import Broker
from warren.database import Database
from warren.errors import BrokerUnavailable
from warren.jobs import JobMessage

log = structlog.get_logger(__name__)

BATCH = 200
LANES = 3
MARK_SECONDS = 0.1
GRACE_SECONDS = 5.0
"""How old an unsent row must be before the sweep takes it: younger ones are on their way."""

UNSENT = Gauge("warren_jobs_unsent", "Jobs accepted but not yet confirmed by RabbitMQ")
UNSENT_AGE = Gauge("warren_jobs_unsent_oldest_age_seconds", "Age of the oldest of them")

Send = Callable[[JobMessage], Awaitable[None]]


class Relay:
    """`offer()` after a commit; `run()`, `mark()` and `sweep()` do the rest, for as long as the gateway lives."""

    def __init__(self, database: Database, send: Send, sweep_seconds: float) -> None:
        self._database = database
        self._send = send
        self._sweep_seconds = sweep_seconds
        self._offered: asyncio.Queue[JobMessage] = asyncio.Queue()
        self._confirmed: asyncio.Queue[str] = asyncio.Queue()

    def offer(self, job: JobMessage) -> None:
        """Send this job as soon as possible. Its row is committed already."""
        self._offered.put_nowait(job)

    async def run(self) -> None:
        """Publish what is offered. While one batch waits to be confirmed, the next is on its way."""
        await asyncio.gather(*(self._run() for _ in range(LANES)))

    async def _run(self) -> None:
        while True:
            batch = await next_batch(self._offered, BATCH)
            try:
                for job_id in await self._send_all(batch):
                    self._confirmed.put_nowait(job_id)
            except Exception:  # the rows stay unsent, and the sweep finds them
                log.exception("relay_failed", jobs=len(batch))

    async def mark(self) -> None:
        """Note in the rows what RabbitMQ has. Not at once: most jobs are taken by then, and noted by the recorder."""
        while True:
            first = await self._confirmed.get()
            await asyncio.sleep(MARK_SECONDS)
            job_ids = [first, *(self._confirmed.get_nowait() for _ in range(self._confirmed.qsize()))]
            try:
                async with self._database.transaction() as connection:
                    await store.mark_sent(connection, job_ids)
            except Exception as error:  # noqa: BLE001  the sweep sends them again, which their ids make harmless
                log.warning("jobs_not_marked", jobs=len(job_ids), error=f"{type(error).__name__}: {error}"[:200])

    async def sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_seconds)
            try:
                await self.send_left_behind()
                await self._measure()
            except Exception as error:  # noqa: BLE001  PostgreSQL may be away; the sweep must outlive that
                log.warning("sweep_failed", error=f"{type(error).__name__}: {error}")

    async def send_left_behind(self) -> None:
        """Send every job that nobody sent, or that was refused, `GRACE_SECONDS` after its commit."""
        more = True
        while more:
            async with self._database.transaction() as connection:
                batch = await store.unsent(connection, GRACE_SECONDS, BATCH)
                sent = await self._send_all(batch)
                if sent:
                    log.info("unsent_jobs_sent", jobs=len(sent))
                    await store.mark_sent(connection, sent)
            more = len(sent) == BATCH

    async def _send_all(self, batch: list[JobMessage]) -> list[str]:
        results = await asyncio.gather(*(self._send(job) for job in batch), return_exceptions=True)
        sent: list[str] = []
        reason = ""
        for job, result in zip(batch, results, strict=True):
            if result is None:
                sent.append(job.job_id)
                continue
            reason = f"{type(result).__name__}: {result}"
            if not isinstance(result, BrokerUnavailable):
                log.error("job_not_sendable", job_id=job.job_id, kind=job.kind, error=reason)
        if len(sent) < len(batch):
            log.warning("jobs_not_sent", jobs=len(batch) - len(sent), error=reason)
        return sent

    async def _measure(self) -> None:
        async with self._database.transaction() as connection:
            count, age = await store.unsent_count(connection)
        UNSENT.set(count)
        UNSENT_AGE.set(age)


def to_broker(broker: Broker) -> Send:
    """Publish to the job's queue; the worker that takes it may be anywhere."""

    async def send(job: JobMessage) -> None:
        await jobs.publish(broker, job)

    return send
