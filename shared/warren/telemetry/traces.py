"""OpenTelemetry: one trace from the HTTP request through the message's headers to the handler. Off by default."""

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

tracer = trace.get_tracer("warren")


def configure(service: str, otlp_endpoint: str) -> None:
    """Export spans to an OTLP collector (needs the extra `warren[otlp]`). Without an endpoint nothing is traced."""
    if not otlp_endpoint:
        # Without a provider every span looks for one in the environment again.
        trace.set_tracer_provider(trace.NoOpTracerProvider())
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  an extra

    provider = TracerProvider(resource=Resource.create({"service.name": f"warren-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{otlp_endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)


def headers() -> dict[str, str]:
    """The current trace as message headers (`traceparent`); empty outside a trace."""
    carrier: dict[str, str] = {}
    if _on():
        propagate.inject(carrier)
    return carrier


def span(name: str, carrier: Mapping[str, str]) -> AbstractContextManager[Any]:
    """A span that goes on with the trace of these message headers; nothing, at no cost, while traces are off."""
    if not _on():
        return contextlib.nullcontext()
    return tracer.start_as_current_span(name, context=propagate.extract(carrier))


def _on() -> bool:
    return not isinstance(trace.get_tracer_provider(), trace.NoOpTracerProvider)
