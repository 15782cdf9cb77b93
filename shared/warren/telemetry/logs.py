"""Structured logs: static event names with fields, one JSON object a line (or coloured text for people)."""

import logging
import re
import sys
from typing import Any

import structlog

SECRET = re.compile(r"(^|_)(password|api_key|authorization|secret|token)$", re.IGNORECASE)
"""Fields with such names never reach a log."""

QUIET = {
    "aio_pika": logging.WARNING,
    "aiormq": logging.WARNING,
    "aiormq.connection": logging.CRITICAL,
    "amqp": logging.WARNING,
    "celery.app.trace": logging.WARNING,
    "celery.redirected": logging.WARNING,
    "celery.worker.consumer": logging.ERROR,
    "celery.worker.strategy": logging.WARNING,
    "httpcore2": logging.WARNING,
    "httpx2": logging.WARNING,
    "kombu": logging.WARNING,
    "openai": logging.WARNING,
}
"""Libraries that say at length, for every job, request or outage, what our own lines say better; the least they log."""


def configure(service: str, *, level: str = "INFO", format: str = "json") -> None:  # noqa: A002  the setting's name
    """Send structlog's and the standard library's logs to standard error, in one format. Call once, at start."""

    def name_service(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {"service": service, **event}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        name_service,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Decides by the level before anything is put together: a debug line costs next to nothing when it is off.
        wrapper_class=structlog.make_filtering_bound_logger(level.upper()),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    untimed: list[structlog.typing.Processor] = [_drop_time] if format == "untimed" else []
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *untimed, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library, least in QUIET.items():
        logging.getLogger(library).setLevel(max(least, root.level))


def _drop_time(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event.pop("timestamp", None)
    return event


def _hide_secrets(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in event:
        if SECRET.search(name):
            event[name] = "***"
    return event
