"""Ask another service on behalf of a request; its refusals and its absence become problems."""

from typing import TypeVar

from pydantic import BaseModel

from gateway.problems import Problem
from gateway.service import Gateway
from warren.contracts.base import Query
from warren.errors import BrokerUnavailable, QueryTimeout
from warren.queries import QueryRefused

ASK_SECONDS = 5.0
"""How long a client waits for a service's answer, which takes milliseconds unless the service starts or recovers."""

RETRY = {"Retry-After": "2"}

_STATUSES = {"not_found": 404, "conflict": 409, "exists": 409, "busy": 409, "expired": 410, "too_large": 413}
"""What the part of a service's error code behind the dot says. Any other is about the request: 422."""

R = TypeVar("R", bound=BaseModel)


async def ask(gateway: Gateway, query: Query, reply: type[R], *, timeout: float | None = None) -> R:
    """The answer of the service that `query.name` names.

    Raises a 503 `Problem` when there is none within `timeout` seconds (`ASK_SECONDS`), and those that the service's
    refusals mean.
    """
    service = query.name.partition(".")[0]
    try:
        return await gateway.queries.ask(query, reply, timeout=timeout or ASK_SECONDS)
    except (QueryTimeout, BrokerUnavailable):
        detail = f"The {service} service does not answer now. Try again soon."
        raise Problem(503, "service.unavailable", detail, headers=RETRY) from None
    except QueryRefused as refused:
        # Those of `warren.queries` itself: the service broke, or is of another version than this gateway.
        if refused.code in {"query.failed", "query.unknown", "query.unreadable"}:
            detail = f"The {service} service could not answer. Its log says why."
            raise Problem(503, "service.failed", detail, headers=RETRY) from None
        status = _STATUSES.get(refused.code.partition(".")[2], 422)
        raise Problem(status, refused.code, refused.message) from None
