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


def _status(name: str, required: dict[str, Any]) -> dict[str, Any]:
    """As the earlier live transcription's clients know messages."""
    properties = {"status": {"const": name}, **required}
    return {"name": name, "payload": {"type": "object", "properties": properties, "required": list(properties)}}


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
_NUMBER, _TEXT, _COUNT = {"type": "number"}, {"type": "string"}, {"type": "integer", "minimum": 0}
_CONFIDENCE = {"type": ["number", "null"]}
_WORD = {
    "type": "object",
    "properties": {"word": _TEXT, "start": _NUMBER, "end": _NUMBER, "confidence": _CONFIDENCE},
    "required": ["word", "start", "end"],
}
_AUDIO = {
    "chunk": {"name": "chunk", "contentType": "application/octet-stream", "payload": {"type": "string"}},
    "finalize": _message("finalize", {}),
    "keepalive": _message("keepalive", {}),
    "end": _message("end", {}),
    "ready": _message("ready", {"stream_id": _JOB_ID, "resume_token": _TEXT, "max_chunk_bytes": _COUNT, "seq": _COUNT}),
    "ack": _message(
        "ack",
        {"status": {"const": "received"}, "size": _COUNT, "seq": _COUNT, "audio_ms": _COUNT, "lag_ms": _COUNT},
    ),
    "transcript": _message(
        "transcript",
        {
            "final": {"type": "boolean"},
            "start": _NUMBER,
            "end": _NUMBER,
            "text": _TEXT,
            "confidence": _CONFIDENCE,
            "words": {"type": "array", "items": _WORD},
            "seq": _COUNT,
        },
    ),
    "speech_started": _message("speech_started", {"at": _NUMBER}),
    "utterance_end": _message("utterance_end", {"at": _NUMBER}),
    "done": _message("done", {"duration": _NUMBER, "text": _TEXT}),
    "error": _message("error", {"code": _TEXT, "message": _TEXT}, {"seq": _COUNT, "retry_after": _COUNT}),
}
_EARLIER_AUDIO = {
    "chunk": _AUDIO["chunk"],
    "received": _status("received", {"size": _COUNT}),
    "transcript": _status("transcript", {"client_id": _COUNT, "text": _TEXT}),
    "error": _status("error", {"error": _TEXT}),
}
_LISTEN = {
    "chunk": _AUDIO["chunk"],
    "KeepAlive": _message("KeepAlive", {}),
    "Finalize": _message("Finalize", {}),
    "CloseStream": _message("CloseStream", {}),
    "Results": _message(
        "Results",
        {
            "channel_index": {"type": "array", "items": _COUNT},
            "start": _NUMBER,
            "duration": _NUMBER,
            "is_final": {"type": "boolean"},
            "speech_final": {"type": "boolean"},
            "channel": {"type": "object", "required": ["alternatives"]},
        },
    ),
    "SpeechStarted": _message("SpeechStarted", {"channel": {"type": "array"}, "timestamp": _NUMBER}),
    "UtteranceEnd": _message("UtteranceEnd", {"channel": {"type": "array"}, "last_word_end": _NUMBER}),
    "Metadata": _message(
        "Metadata", {"request_id": _JOB_ID, "created": _TEXT, "duration": _NUMBER, "channels": _COUNT}
    ),
    "Error": _message("Error", {"description": _TEXT, "message": _TEXT, "variant": _TEXT}),
}
_FROM_CLIENT = {
    "events": ("watch", "unwatch", "ping"),
    "analyze": ("analyze",),
    "audio": ("chunk", "finalize", "keepalive", "end"),
    "earlier_audio": ("chunk",),
    "listen": ("chunk", "KeepAlive", "Finalize", "CloseStream"),
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
        "audio": {"address": "/v1/audio/stream", "messages": _AUDIO},
        "earlier_audio": {"address": "/ws", "messages": _EARLIER_AUDIO},
        "listen": {"address": "/v1/listen", "messages": _LISTEN},
    }
    operations: dict[str, Any] = {}
    for channel, described in channels.items():
        mine = _FROM_CLIENT[channel]
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
