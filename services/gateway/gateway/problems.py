"""Errors of the public API: RFC 9457 problem documents, each with a stable code."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from warren.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
OPENAI = "/v1/audio/"
"""Below it, errors are as OpenAI's clients know them."""


class Problem(HTTPException):
    """Answer this request with a problem document. `detail` is for a person: what is wrong, where, what to do."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code
        self.errors = errors

    def body(self) -> dict[str, Any]:
        document = {
            "type": "about:blank",  # RFC 9457: no more than the status says; `code` tells kinds apart
            "title": HTTPStatus(self.status_code).phrase,
            "status": self.status_code,
            "detail": self.detail,
            "code": self.code,
        }
        return {**document, "errors": self.errors} if self.errors else document

    def openai(self) -> JSONResponse:
        """As OpenAI's API says it, for calls that its clients make."""
        status = 400 if self.status_code == 422 else self.status_code
        return JSONResponse(self.openai_body(), status_code=status, headers=self.headers)

    def openai_body(self) -> dict[str, Any]:
        status = self.status_code
        kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}.get(status)
        kind = kind or ("server_error" if status >= 500 else "invalid_request_error")
        field = self.errors[0]["pointer"].strip("/") if self.errors else None
        return {"error": {"message": self.detail, "type": kind, "param": field, "code": self.code}}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), status_code=self.status_code, media_type=MEDIA_TYPE, headers=self.headers)


def not_found(what: str, name: str) -> Problem:
    return Problem(404, f"{what}.not_found", f"There is no {what} {name!r}, or it is not yours.")


def invalid(errors: Sequence[Any]) -> Problem:
    """Fields that do not fit: 422 with a pointer at each. `errors` are pydantic's."""
    pointed = [
        {
            "pointer": "/" + "/".join(str(part) for part in item["loc"]),
            "detail": item["msg"],
            "code": item["type"],
        }
        for item in errors
    ]
    detail = "; ".join(f"{item['pointer']}: {item['detail']}" for item in pointed[:3])
    return Problem(422, "request.invalid", detail, errors=pointed)


def of(error: Exception) -> Problem:
    """The problem behind any error: whose fault it is decides the status."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return invalid(error.errors())
        case HTTPException():
            return _framework(error)
        case DatabaseUnavailable():
            return _unavailable("database", "PostgreSQL")
        case OSError():
            log.error("storage_failed", error=f"{type(error).__name__}: {error}")
            return _unavailable("storage", "The file store")
        case sa.exc.DBAPIError() if str(getattr(error.orig, "sqlstate", ""))[:2] == "22":
            # A "data exception": a NUL character in a text, for example, which PostgreSQL does not store.
            return Problem(422, "request.invalid", "The request has characters or numbers that cannot be stored.")
        case _:
            return Problem(500, "internal", "Something went wrong inside Warren; the log says what.")


HANDLED = (HTTPException, RequestValidationError, DatabaseUnavailable, sa.exc.DBAPIError, OSError, Exception)


async def answer(request: Request, error: Exception) -> JSONResponse:
    """The application's handler of all that is `HANDLED`."""
    problem = of(error)
    if problem.status_code == 405:
        problem.headers = {**(problem.headers or {}), **_allowed(request)}
    if problem.status_code == 500:
        log.error("request_crashed", exc_info=error)
    return problem.openai() if request.url.path.startswith(OPENAI) else problem.response()


async def nobody_hears(_request: Request, _error: Exception) -> Response:
    """The answer to a client that left while it was still sending: only the metrics see its status, as nginx's do."""
    return Response(status_code=499)


def _allowed(request: Request) -> dict[str, str]:
    """Starlette names the methods of one route only, and a path may have several."""
    for path, operations in request.app.openapi()["paths"].items():
        if compile_path(path)[0].match(request.url.path):
            return {"Allow": ", ".join(sorted(method.upper() for method in operations))}
    return {}


def _framework(error: HTTPException) -> Problem:
    """What Starlette and FastAPI raise themselves: unknown paths, wrong methods, broken multipart bodies."""
    code = {404: "path.not_found", 405: "method.not_allowed"}.get(error.status_code, "request.invalid")
    headers = dict(error.headers) if error.headers else None
    return Problem(error.status_code, code, str(error.detail), headers=headers)


def _unavailable(code: str, what: str) -> Problem:
    detail = f"{what} cannot be reached now. Try again soon."
    return Problem(503, f"{code}.unavailable", detail, headers={"Retry-After": "2"})
