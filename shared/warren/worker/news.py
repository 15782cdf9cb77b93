"""What a worker may not have heard: whether jobs have ended, or were cancelled, while it was not listening."""

import asyncio

import structlog

from warren.contracts.gateway import JobStates, JobStatesQuery
from warren.errors import QueryTimeout
from warren.queries import QueryClient, QueryRefused
from warren.worker.log import insist

log = structlog.get_logger(__name__)

MOST = 500
"""Jobs in one question."""
PATIENCE_SECONDS = 5.0
"""How long to insist while RabbitMQ is away: Celery's connection, which brings the jobs, may be back before ours."""


class News:
    """Asks the gateway, one question at a time: a worker that finds a long queue would else ask one for each job."""

    def __init__(self, queries: QueryClient) -> None:
        self._queries = queries
        self._waiting: list[tuple[str, asyncio.Future[JobStates]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def of(self, job_id: str) -> JobStates:
        """What is known of a job, and of others that were asked about with it; nothing, if nobody answers."""
        answer: asyncio.Future[JobStates] = asyncio.get_running_loop().create_future()
        self._waiting.append((job_id, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_for_all())
        return await answer

    async def _ask_for_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            states = await self._ask(tuple(job_id for job_id, _ in batch))
            for _, answer in batch:
                if not answer.done():
                    answer.set_result(states)

    async def _ask(self, job_ids: tuple[str, ...]) -> JobStates:
        states = JobStates()

        async def ask() -> None:
            nonlocal states
            states = await self._queries.ask(JobStatesQuery(job_ids=job_ids), JobStates)

        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await insist(ask, lambda: False)
        except (TimeoutError, QueryTimeout, QueryRefused) as error:
            # Running it again is safe, only wasteful; the recorder repeats a cancellation when it sees `started`.
            log.warning("job_state_unknown", jobs=len(job_ids), error=repr(error))
        return states
