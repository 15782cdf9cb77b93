"""Health and metrics. `/health` keeps the shape earlier clients know."""

import asyncio
from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway import schemas
from gateway.answers import Answer
from gateway.auth import Parts
from gateway.openapi import answers
from warren.contracts.analyzer import AnalyzerStatus, AnalyzerStatusQuery
from warren.errors import BrokerUnavailable, QueryTimeout
from warren.queries import QueryRefused

router = APIRouter(tags=["health"])

ASK_SECONDS = 1.0


@router.get("/health", summary="Is everything well?", responses=answers(schemas.Health, 200, 503))
async def health(gateway: Parts) -> Response:
    """503 when RabbitMQ, PostgreSQL or the workers are missing."""
    postgres, analyzer = await asyncio.gather(gateway.database.reachable(), _analyzer(gateway))
    services = {
        "rabbitmq": _word(gateway.broker.connected),
        "postgres": _word(postgres),
        "celery": _word(analyzer is not None),
    }
    well = all(word == "ok" for word in services.values())
    body: dict[str, Any] = {"status": "healthy" if well else "unhealthy", "services": services}
    if analyzer is not None:
        body["analyzer"] = analyzer.model_dump()
    return Answer(body, 200 if well else 503)


@router.get("/health/live", summary="Does this process make progress?")
async def live() -> dict[str, str]:
    """An outage of RabbitMQ or PostgreSQL does not make it dead: a restart would help nobody."""
    return {"loop": "ok"}


@router.get("/health/ready", summary="Can this process serve requests?", responses=answers(schemas.Ready, 200, 503))
async def ready(gateway: Parts) -> Response:
    # RabbitMQ is not asked: jobs are accepted without it, and sent when it is back.
    well = await gateway.database.reachable()
    return Answer({"postgres": _word(well)}, 200 if well else 503)


@router.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _analyzer(gateway: Parts) -> AnalyzerStatus | None:
    try:
        return await gateway.queries.ask(AnalyzerStatusQuery(), AnalyzerStatus, timeout=ASK_SECONDS)
    except (BrokerUnavailable, QueryTimeout, QueryRefused):
        return None


def _word(well: bool) -> str:
    return "ok" if well else "unavailable"
