"""`/openapi.json`: FastAPI's description, with the errors every call may answer and how to authenticate."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from gateway import schemas
from gateway.once import HEADER, KEY_PATTERN
from gateway.problems import MEDIA_TYPE, OPENAI
from warren.contracts.events import EventType

DESCRIPTION = """
Everything that takes time is a **job**: create one, then look at it, wait for it (`Prefer: wait=10`), or follow its
events.

Errors are `application/problem+json` with a stable `code`. `Idempotency-Key` on a POST makes it safe to repeat. The
WebSockets are described in [`/asyncapi.json`](/asyncapi.json).
"""

_COMMON = {
    401: "No valid API key",
    403: "The key may not do this",
    422: "Something in the request does not fit",
    429: "Too many requests, or streams; `Retry-After` says when to come back",
    503: "PostgreSQL cannot be reached now",
}
"""Of every call that needs a key."""

_REASONS = {
    400: "The body cannot be read",
    404: "There is no such thing, or it is not yours",
    409: "The first request with this Idempotency-Key is still in flight",
    410: "It expired",
    413: "Too large",
    415: "Not a format that is taken here",
}

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


ID_PATTERN = "^[A-Za-z0-9_-]{1,100}$"
POSITION_PATTERN = "^[0-9]{1,6}-[0-9]{1,9}$"

IDEMPOTENT = {
    "name": HEADER,
    "in": "header",
    "description": "The same request again, under the same key, gets the first answer again and does nothing",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}
PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "How long to wait for the job's end (RFC 7240), up to 60 seconds",
    "schema": {"type": "string", "examples": ["wait=10"]},
}
EVENT_STREAM = {
    "description": "The job's events; each one's id is where to resume. Ends with the job",
    "content": {
        "text/event-stream": {
            "schema": {
                "description": "One event of the stream",
                "type": "object",
                "properties": {
                    "id": {"type": "string", "pattern": POSITION_PATTERN},
                    "event": {"type": "string", "enum": [kind.value for kind in EventType]},
                    "data": {"type": "string", "contentMediaType": "application/json"},
                },
                "required": ["id", "event", "data"],
            }
        }
    },
}


def form_body(model: type[BaseModel], *, file_required: bool, json: bool = False) -> dict[str, Any]:
    """`openapi_extra=` of a route that takes these fields as a form with a file, and perhaps as JSON."""
    schema = model.model_json_schema()
    form = {
        **schema,
        "properties": {
            "file": {"type": "string", "contentMediaType": "application/octet-stream"},
            **schema["properties"],
        },
    }
    if file_required:
        form["required"] = ["file", *schema.get("required", ())]
    content = {"multipart/form-data": {"schema": form}, **({"application/json": {"schema": schema}} if json else {})}
    return {"requestBody": {"required": True, "content": content}}


def json_body(
    model: type[BaseModel], *, example: Any = None, lines: str | None = None, required: bool = True
) -> dict[str, Any]:
    """`openapi_extra=` of a route that reads this as JSON; or also as lines of JSON, one item each, as in `lines`."""
    content: dict[str, Any] = {"application/json": {"schema": _inlined(model.model_json_schema())}}
    if example is not None:
        content["application/json"]["example"] = example
    if lines is not None:
        schema = {"type": "string", "description": "One item a line"}
        content["application/x-ndjson"] = {"schema": schema, "example": lines}
    return {"requestBody": {"required": required, "content": content}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its `$defs` where they are referred to: a reference within a body leads nowhere."""
    parts = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            rest = {name: value for name, value in node.items() if name != "$ref"}
            return {**resolved(parts[node["$ref"].rpartition("/")[2]]), **rest}
        return {name: resolved(value) for name, value in node.items()}

    whole: dict[str, Any] = resolved(schema)
    return whole


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route, for errors it has beyond the common ones."""
    return {status: {"description": _REASONS[status]} for status in statuses}


def answers(model: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route, for its successes."""
    return {status: {"model": model} for status in statuses}


def operation_id(route: APIRoute) -> str:
    """Like `jobs_get`: what generated clients call a method."""
    tag = str(route.tags[0]).replace(" ", "_") if route.tags else "gateway"
    return f"{tag}_{route.name}"


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document; made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=_TAGS
        )
        components = document.setdefault("components", {})
        for name in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(name, None)
        for model in (schemas.Problem, schemas.FieldError, schemas.OpenAIError, schemas.OpenAIErrorBody):
            components["schemas"][model.__name__] = _schema(model)
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "wrn_…"}}
        for path, operations in document["paths"].items():
            for operation in operations.values():
                error = OPENAI_ERROR if path.startswith(OPENAI) else _PROBLEM
                _complete(operation, error, open_to_all=path.startswith(("/health", "/metrics")))
        app.openapi_schema = document
    return app.openapi_schema


OPENAI_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIError"}}}

_TAGS = [
    {"name": "analyses", "description": "Questions about tables"},
    {"name": "transcriptions", "description": "Recordings to text"},
    {"name": "bots", "description": "They make digests of posts"},
    {"name": "channels", "description": "Where posts come from"},
    {"name": "posts", "description": "What bots read"},
    {"name": "digests", "description": "What bots write"},
    {"name": "orchestrator", "description": "All bots at once"},
    {"name": "chat", "description": "Messages, and what is known of those who send them"},
    {"name": "content", "description": "What there is to read on a topic"},
    {"name": "texts", "description": "What describes texts, and which are alike"},
    {"name": "jobs", "description": "Work in the background"},
    {"name": "sessions", "description": "Files and the dialog about them"},
    {"name": "files", "description": "Uploads"},
    {"name": "tickets", "description": "Keys for the address of a WebSocket"},
    {"name": "health", "description": "For monitoring; no key needed"},
    {"name": "earlier clients", "description": "Calls of earlier systems, kept working"},
]


def _complete(operation: dict[str, Any], error: dict[str, Any], *, open_to_all: bool) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    if not open_to_all:
        operation["security"] = [{"key": []}]
        for status, reason in _COMMON.items():
            responses.setdefault(str(status), {"description": reason})
    for status, response in responses.items():
        if status.startswith(("4", "5")) and "content" not in response:
            response["content"] = error
    operation["responses"] = dict(sorted(responses.items()))


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return schema
