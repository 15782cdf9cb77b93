"""JSON answers: times, numbers and letters look the same wherever they come from."""

from typing import Any

from fastapi.responses import JSONResponse
from pydantic_core import to_json


class Answer(JSONResponse):
    """A body of plain values, with times as ISO 8601 in UTC. A number that JSON does not know becomes null."""

    def render(self, content: Any) -> bytes:
        return to_json(content, inf_nan_mode="null")
