"""Runs jobs: from a delivered message to its last event. Celery's pool calls it; it lives on the asyncio loop."""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from pydantic import ValidationError

from warren import events, jobs, topology
from warren.blobs import BlobStore
from warren.broker import Broker
from warren.contracts.base import JobPayload, JobResult
from warren.contracts.events import EventType, Failure
from warren.contracts.gateway import JobStates
from warren.errors import JobError, ServerUnavailable, TransientError
from warren.queries import QueryClient
from warren.telemetry import metrics, traces
from warren.worker.active import ActiveRun, ActiveRuns, Stop
from warren.worker.interruptions import Interruptions
from warren.worker.log import RunLog, insist
from warren.worker.news import News
from warren.worker.run import JobRun
from warren.worker.verdict import Verdict

log = structlog.get_logger(__name__)

Handler = Callable[[Any], Awaitable[JobResult]]
JobHandlers = Mapping[type[JobPayload], Handler]


RETRY_BASE_SECONDS = 2.0
RETRY_MAX_SECONDS = 300.0
SHORTEST_DELAY_SECONDS = 1.0
"""Delayed delivery counts in whole seconds."""
HAND_BACK_SECONDS = 1.0
"""How long a stopping worker takes to hand its jobs on; what is left then is delivered again when it is gone."""
SUSPECT_CRASHES = 2
"""A job with which so many workers died may be what killed them, or was only near: such jobs run apart from each other,
so that poison does not take all jobs of its workers to the dead letters."""
SETTLE_SECONDS = 0.5
APART_SECONDS = 2.0
CLOCK_SKEW = timedelta(seconds=2)
CANCELLED_KEPT = 10_000
"""Broadcast cancellations remembered, for jobs that still wait in the queue."""


class Runtime:
    """`handlers` is the service's table of job kinds. One per worker process. Retries, and jobs that follow
    others, go to their queue, if not to a `send` of another kind."""

    def __init__(
        self,
        service: str,
        handlers: JobHandlers,
        broker: Broker,
        blobs: BlobStore,
        queries: QueryClient,
        send: jobs.Send | None = None,
    ) -> None:
        self._service = service
        self._handlers = {
            name: (payload, handler)
            for payload, handler in handlers.items()
            for name in (payload.kind, *payload.kind_aliases)
        }
        self._broker = broker
        self._blobs = blobs
        self._events = events.EventSender(broker, service)
        self._news = News(queries)
        self._send: jobs.Send = send or partial(jobs.publish, broker)
        self._runs = ActiveRuns()
        self._cancelled: OrderedDict[str, None] = OrderedDict()
        self._draining = False
        self._abandoning = False
        self._listening_since = datetime.now(UTC)
        self._catching_up: asyncio.Task[None] | None = None
        self._interruptions = Interruptions()

    @property
    def kinds(self) -> dict[str, str]:
        """Every job kind, and each earlier name of one, with its queue."""
        return {name: payload.queue for name, (payload, _) in self._handlers.items()}

    @property
    def active(self) -> int:
        """Jobs that run here now."""
        return len(self._runs)

    # Called when things happen outside ------------------------------------------------------------------------------

    def cancel(self, job_id: str) -> None:
        """A client cancelled this job: stop it if it runs here, or else do not start it if it comes."""
        if (active := self._runs.of(job_id)) is not None:
            active.stop(Stop.cancelled)
            return
        self._cancelled[job_id] = None
        if len(self._cancelled) > CANCELLED_KEPT:
            self._cancelled.popitem(last=False)

    def listening(self) -> None:
        """Cancellations are heard from now on; what was said before was missed."""
        self._listening_since = datetime.now(UTC)
        if len(self._runs):
            self._catching_up = asyncio.create_task(self._catch_up())

    def connection_lost(self) -> None:
        """Celery lost its connection: every message that runs here is delivered again, so these runs are void."""
        self._interruptions.lost()
        self._runs.stop(Stop.connection_lost)

    async def drain(self, grace: float) -> None:
        """Take nothing new; let jobs finish for `grace` seconds, then hand the rest to other workers."""
        self._draining = True
        if await self._runs.idle_within(grace):
            return
        log.info("jobs_handed_back", jobs=len(self._runs))
        self._runs.stop(Stop.shutdown)
        if await self._runs.idle_within(HAND_BACK_SECONDS):
            return
        log.warning("jobs_abandoned", jobs=len(self._runs))
        self._abandoning = True
        self._runs.abandon()

    async def _catch_up(self) -> None:
        """Stop what was cancelled, or ended by the gateway, while nothing was heard here."""
        await self._broker.ready()
        for news in await asyncio.gather(*(self._news.of(job_id) for job_id in self._runs.job_ids)):
            for job_id in (*news.cancelling, *news.finished):
                self.cancel(job_id)

    # One message ----------------------------------------------------------------------------------------------------

    async def run(self, kind: str, queue: str, arguments: dict[str, Any], redeliveries: int) -> Verdict:
        """Run one delivered message to its end. Never raises for what a job does."""
        try:
            job = jobs.JobMessage.model_validate({**arguments, "kind": kind, "queue": queue})
        except ValidationError as error:
            log.error("job_message_unreadable", kind=kind, error=str(error))
            return Verdict.dead
        number = job.run + redeliveries
        job = job.model_copy(update={"crashes": job.crashes + redeliveries})
        labels = (kind, queue)
        metrics.RECEIVED.labels(*labels).inc()
        metrics.QUEUE_WAIT.labels(*labels).observe(max(0.0, (datetime.now(UTC) - job.enqueued_at).total_seconds()))
        # Not unbound: the task that runs this message ends with it.
        structlog.contextvars.bind_contextvars(job_id=job.job_id, run=number, kind=kind)
        if redeliveries and (fresh := self._interruptions.excused(job, number)) is not None:
            verdict = await self._send_on(fresh)
        else:
            verdict = await self._admit(job, number, job.resent or redeliveries > 0)
        if verdict is not Verdict.acknowledge:
            metrics.REJECTED.labels(*labels).inc()
        return verdict

    async def _admit(self, job: jobs.JobMessage, number: int, redelivered: bool) -> Verdict:
        """Decide whether this message is to be run at all."""
        suspect = job.crashes >= SUSPECT_CRASHES
        if job.crashes > topology.DELIVERY_LIMIT:
            log.error("job_given_up", crashes=job.crashes)
            return Verdict.dead
        if self._draining:
            # Late, because this worker might get it again as long as it is there.
            return await self._hand_on(job, number, delay=1.0)
        earlier = self._runs.of(job.job_id)
        if earlier is not None:
            if earlier.run >= number and not earlier.given_up:
                log.info("job_already_running")
                return Verdict.acknowledge
            earlier.stop(Stop.superseded)
            number = max(number, earlier.run + 1)
        elif suspect and self._runs.suspect is not None:
            log.info("job_kept_apart", crashes=job.crashes, from_job=self._runs.suspect.job_id)
            return await self._hand_on(job, number, delay=APART_SECONDS)
        active = ActiveRun(job.job_id, number)
        with self._runs.entered(active, suspect=suspect):
            try:
                if suspect:
                    # The others that may be the one are handed on meanwhile.
                    await active.pause(SETTLE_SECONDS)
                    self._acquit_in_time(job.kind, active)
                return await self._run_unless_over(job, active, redelivered)
            except asyncio.CancelledError:
                if not self._abandoning:
                    raise
                return Verdict.requeue

    def _acquit_in_time(self, kind: str, active: ActiveRun) -> None:
        seconds = self._handlers[kind][0].innocent_after
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self._runs.acquit, active)

    async def _run_unless_over(self, job: jobs.JobMessage, active: ActiveRun, redelivered: bool) -> Verdict:
        run_log = RunLog(job.job_id, active.run, self._events.send)
        news = JobStates()
        # Clocks differ between machines; to ask once too often costs a query.
        if redelivered or job.enqueued_at < self._listening_since + CLOCK_SKEW:
            news = await self._news.of(job.job_id)
        # The gateway may not have recorded yet that an operator sent it again.
        if job.job_id in news.finished and (redelivered or not job.reopened):
            log.info("job_already_finished")
            return Verdict.acknowledge
        if job.job_id in news.cancelling or job.job_id in self._cancelled:
            self._cancelled.pop(job.job_id, None)
            run_log.add(EventType.cancelled)
            return await self._conclude(run_log, active)
        return await self._run(job, active, run_log)

    async def _run(self, job: jobs.JobMessage, active: ActiveRun, run_log: RunLog) -> Verdict:
        payload_type, handler = self._handlers[job.kind]
        labels = (job.kind, job.queue)
        try:
            payload = payload_type.model_validate(job.payload)
        except ValidationError as error:
            message = f"The job's input is invalid: {error}"
            self._fail(run_log, labels, Failure(code="job.invalid_payload", message=message))
            return await self._conclude(run_log, active)
        run_log.add(EventType.started)
        metrics.STARTED.labels(*labels).inc()
        started = time.monotonic()
        handle = JobRun(
            job.job_id,
            active.run,
            payload,
            run_log,
            self._blobs,
            lambda event: events.publish_live(self._broker, self._service, event),
        )
        with traces.span(job.kind, job.trace):
            verdict = await self._handle(job, active, run_log, handle, handler)
        seconds = time.monotonic() - started
        metrics.RUNTIME.labels(*labels).observe(seconds)
        log.info("run_ended", ms=round(seconds * 1000), stopped=active.stopped and active.stopped.name)
        return verdict

    async def _handle(
        self, job: jobs.JobMessage, active: ActiveRun, run_log: RunLog, handle: JobRun[Any], handler: Handler
    ) -> Verdict:
        labels = (job.kind, job.queue)

        async def work() -> dict[str, Any]:
            return await handle.outcome(await handler(handle))

        try:
            outcome = await active.execute(work(), handle.payload.timeout)
        except JobError as error:
            failure = Failure(code=error.code, message=error.message, retryable=error.retryable, details=error.details)
            self._fail(run_log, labels, failure)
        except TransientError as error:
            return await self._retry(job, active, run_log, error)
        except ServerUnavailable as error:
            away = TransientError("job.interrupted", f"A server was away: {type(error).__name__}.")
            return await self._retry(job, active, run_log, away)
        except Exception:
            log.exception("job_crashed")
            message = "Something went wrong inside Warren. The log has the details under this job's id."
            self._fail(run_log, labels, Failure(code="job.crashed", message=message))
        else:
            if outcome is None:
                return await self._stopped(job, active, run_log, handle.payload.timeout)
            # Before the end is told: a job that is known to have ended does not run again, and could not send it then.
            if not await self._send_next(job, active):
                return Verdict.requeue
            metrics.SUCCEEDED.labels(*labels).inc()
            run_log.add(EventType.completed, outcome)
        return await self._conclude(run_log, active)

    async def _send_next(self, job: jobs.JobMessage, active: ActiveRun) -> bool:
        """Hand the job that follows to its queue. Sent twice after a crash in between, which its id makes harmless."""
        following = job.next
        if following is None:
            return True
        return await insist(lambda: self._send(following), lambda: active.given_up)

    async def _stopped(self, job: jobs.JobMessage, active: ActiveRun, run_log: RunLog, timeout: float) -> Verdict:
        labels = (job.kind, job.queue)
        match active.stopped:
            case Stop.shutdown:
                return await self._hand_on(job, active.run)
            case Stop.cancelled:
                metrics.REVOKED.labels(*labels).inc()
                run_log.add(EventType.cancelled)
            case Stop.timeout:
                message = f"It took longer than {timeout:g} seconds."
                self._fail(run_log, labels, Failure(code="job.timeout", message=message))
        return await self._conclude(run_log, active)

    async def _retry(self, job: jobs.JobMessage, active: ActiveRun, run_log: RunLog, error: TransientError) -> Verdict:
        labels = (job.kind, job.queue)
        failure = Failure(code=error.code, message=error.message, retryable=True)
        payload_type, _ = self._handlers[job.kind]
        if job.retries >= payload_type.max_retries:
            self._fail(run_log, labels, failure)
            return await self._conclude(run_log, active)
        delay = max(SHORTEST_DELAY_SECONDS, error.retry_after or _backoff(job.retries))
        metrics.RETRIED.labels(*labels).inc()
        run_log.add(EventType.retrying, {**failure.model_dump(mode="json"), "delay_seconds": delay})
        if await self._conclude(run_log, active) is not Verdict.acknowledge:
            return Verdict.requeue
        follow_up = job.model_copy(
            update={"run": active.run + 1, "retries": job.retries + 1, "resent": False, "reopened": False, "crashes": 0}
        )
        # Insist: to hand the message back instead would count as a crash of this worker.
        sent = await insist(lambda: self._send(follow_up, delay=delay), lambda: active.given_up)
        return Verdict.acknowledge if sent else Verdict.requeue

    async def _hand_on(self, job: jobs.JobMessage, number: int, delay: float = 0.0) -> Verdict:
        """Give the job to another worker as a fresh message: a worker that stops must not count as one that died."""
        return await self._send_on(job.model_copy(update={"run": number + 1}), delay)

    async def _send_on(self, fresh: jobs.JobMessage, delay: float = 0.0) -> Verdict:
        """Send a message in place of the one that was delivered. Insist: to hand that one back would count as a crash,
        and our connection may come up after the one that brings jobs."""
        lost_at = self._interruptions.lost_at

        def given_up() -> bool:
            return self._abandoning or self._interruptions.lost_at != lost_at

        sent = await insist(lambda: self._send(fresh, delay=delay), given_up)
        return Verdict.acknowledge if sent else Verdict.requeue

    def _fail(self, run_log: RunLog, labels: tuple[str, str], failure: Failure) -> None:
        metrics.FAILED.labels(*labels).inc()
        log.warning("job_failed", code=failure.code, error=failure.message)
        run_log.add(EventType.failed, failure.model_dump(mode="json"))

    async def _conclude(self, run_log: RunLog, active: ActiveRun) -> Verdict:
        """Acknowledge only what RabbitMQ has confirmed to know, or what a newer message carries on."""
        told = await run_log.finish(lambda: active.given_up)
        return Verdict.acknowledge if told or active.stopped is Stop.superseded else Verdict.requeue


def _backoff(retries: int) -> float:
    """Seconds before the next try: exponential with full jitter in its upper half, so that retries spread."""
    ceiling = min(RETRY_MAX_SECONDS, RETRY_BASE_SECONDS * 2.0**retries)
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311  spreads load, guards nothing
