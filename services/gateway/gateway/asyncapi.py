"""`/asyncapi.json`: the WebSockets, described for machines (AsyncAPI 3)."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter

from warren.contracts.events import EventType

router = APIRouter()

_JOB_ID = {"type": "string", "description": "Id of a job"}


def _message(name: str, required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = {"type": {"const": name}, **required, **(optional or {})}
    return {"name": name, "payload": {"type": "object", "properties": properties, "required": ["type", *required]}}


_ERROR = _message("error", {"code": {"type": "string"}, "message": {"type": "string"}}, {"job_id": _JOB_ID})
_EVENTS = {
    "watch": _message("watch", {"job_id": _JOB_ID}, {"after": {"type": ["string", "null"], "examples": ["1-17"]}}),
    "unwatch": _message("unwatch", {"job_id": _JOB_ID}),
    "ping": _message("ping", {}),
    "pong": _message("pong", {}),
    "event": _message(
        "event",
        {
            "job_id": _JOB_ID,
            "id": {"type": "string", "pattern": r"^\d+-\d+$"},
            "event": {"enum": [kind.value for kind in EventType]},
            "at": {"type": "string", "format": "date-time"},
            "data": {"type": "object"},
        },
    ),
    "error": _ERROR,
}
_ANALYZE = {
    "analyze": _message("analyze", {"query": {"type": "string"}}, {"file_base64": {"type": "string"}}),
    "progress": _message("progress", {"meta": {"type": "object"}, "task_id": _JOB_ID}),
    "result": _message("result", {"result": {"type": "object"}, "task_id": _JOB_ID}),
    "error": _ERROR,
}


def document() -> dict[str, Any]:
    """The AsyncAPI document; `send` and `receive` are meant from the server's side, as the standard has it."""
    channels = {
        "events": {"address": "/v1/events", "messages": _EVENTS},
        "analyze": {
            "address": "/ws/analyze/{session_id}",
            "parameters": {"session_id": {"description": "from POST /api/sessions"}},
            "messages": _ANALYZE,
        },
    }
    from_client = {"events": ("watch", "unwatch", "ping"), "analyze": ("analyze",)}
    operations: dict[str, Any] = {}
    for channel, described in channels.items():
        mine = from_client[channel]
        for action, names in (("receive", mine), ("send", [n for n in described["messages"] if n not in mine])):
            operations[f"{action}_{channel}"] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{channel}"},
                "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
            }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Warren", "version": version("warren-gateway")},
        "channels": channels,
        "operations": operations,
    }


@router.get("/asyncapi.json", include_in_schema=False)
async def asyncapi() -> dict[str, Any]:
    return document()
