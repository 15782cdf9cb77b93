"""Errors of the public API: RFC 9457 problem documents, each with a stable code."""

from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
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
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers

    def body(self) -> dict[str, Any]:
        document = {
            "type": f"/docs/api.md#{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        return {**document, "errors": self.errors} if self.errors else document

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), status_code=self.status, media_type=MEDIA_TYPE, headers=self.headers)


def not_found(what: str, name: str) -> Problem:
    return Problem(404, f"{what}.not_found", f"There is no {what} {name!r}, or it is not yours.")


def unavailable(what: str) -> Problem:
    return Problem(
        503, f"{what}.unavailable", f"{what} cannot be reached now. Try again soon.", headers={"Retry-After": "2"}
    )


async def on_problem(_request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)  # noqa: S101  registered for it alone
    return problem.response()


async def on_http_exception(_request: Request, error: Exception) -> JSONResponse:
    """What Starlette and FastAPI raise themselves: unknown paths, wrong methods, broken multipart bodies."""
    assert isinstance(error, HTTPException)  # noqa: S101
    code = {404: "path.not_found", 405: "method.not_allowed", 413: "body.too_large"}.get(
        error.status_code, "request.invalid"
    )
    headers = dict(error.headers) if error.headers else None
    return Problem(error.status_code, code, str(error.detail), headers=headers).response()


async def on_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Fields that do not fit: 422 with a pointer at each."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in item["loc"]), "detail": item["msg"], "code": item["type"]}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['pointer']}: {item['detail']}" for item in errors[:3])
    return Problem(422, "request.invalid", detail, errors=errors).response()


async def on_database_error(_request: Request, _error: Exception) -> JSONResponse:
    """PostgreSQL went away under a request; a pool that gives nothing within its timeout says the same."""
    return unavailable("database").response()
