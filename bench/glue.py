"""What an engineer would write instead of Warren: FastAPI, taskiq over RabbitMQ, asyncpg, and nothing else.

It does the same work on the same servers: a row on POST, a confirmed durable message, the row updated at the end. It
has no outbox, events, progress, cancellation or log, and loses a job when it dies between the row and the message.
"""

import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI
from taskiq import Context, TaskiqDepends, TaskiqEvents, TaskiqState
from taskiq_aio_pika import AioPikaBroker

DSN = os.environ["WARREN_DATABASE_URL"].replace("+asyncpg", "")
broker = AioPikaBroker(os.environ["WARREN_BROKER_URL"], qos=100)

CREATE = """
CREATE TABLE IF NOT EXISTS glue_jobs (
    id text PRIMARY KEY, kind text NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
)
"""


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def open_pool(state: TaskiqState) -> None:
    state.pool = await asyncpg.create_pool(DSN, min_size=1, max_size=20)


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def close_pool(state: TaskiqState) -> None:
    await state.pool.close()


@broker.task(task_name="noop")
async def noop(job_id: str, context: Context = TaskiqDepends()) -> None:
    await context.state.pool.execute(
        "UPDATE glue_jobs SET status = 'completed', completed_at = now() WHERE id = $1", job_id
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await broker.startup()
    async with asyncpg.create_pool(DSN, min_size=1, max_size=20) as pool:
        await pool.execute(CREATE)
        app.state.pool = pool
        yield
    await broker.shutdown()


app = FastAPI(lifespan=lifespan)


@app.get("/health/ready")
async def ready() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/bench/jobs", status_code=202)
async def submit() -> dict[str, Any]:
    job_id = uuid.uuid4().hex
    await app.state.pool.execute("INSERT INTO glue_jobs (id, kind, status) VALUES ($1, 'noop', 'queued')", job_id)
    await noop.kiq(job_id)
    return {"id": job_id, "status": "queued"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
