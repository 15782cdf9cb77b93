"""What the openai SDK raises, sorted into what may be tried again and what may not."""

import email.utils
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import openai

Outcome = Literal["ok", "network", "timeout", "rate_limited", "server_error", "malformed", "refused"]
"""Values of the label `outcome` of `warren_provider_requests_total`."""

_RETRYABLE: frozenset[Outcome] = frozenset({"network", "timeout", "rate_limited", "server_error"})
EXPECTED = (openai.OpenAIError, TimeoutError)
"""Everything a request may raise when the endpoint, not this program, is at fault."""


class UnexpectedReply(openai.OpenAIError):
    """A 200 without a completion. OpenRouter reports a provider's failure so; `status` is then the one inside."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__("the reply is not a chat completion")
        self.status = status


@dataclass(frozen=True, slots=True)
class RequestFailure:
    """One failed request. `message` is safe to show: of what the endpoint said it holds the status only."""

    outcome: Outcome
    message: str
    status: int = 0
    retry_after: float | None = None

    @property
    def retryable(self) -> bool:
        return self.outcome in _RETRYABLE


def classify(error: BaseException) -> RequestFailure:
    """Sort one of `EXPECTED`."""
    match error:
        case TimeoutError() | openai.APITimeoutError():
            return RequestFailure("timeout", "it did not answer in time")
        case openai.APIConnectionError():
            return RequestFailure("network", "it cannot be reached")
        case openai.APIStatusError():
            return _from_status(error.status_code, _retry_after(error))
        case UnexpectedReply(status=int(status)) | openai.APIError(body={"code": int(status)}):
            return _from_status(status, None)
    return RequestFailure("malformed", "it sent something that is not a chat completion")


def _from_status(status: int, retry_after: float | None) -> RequestFailure:
    # The endpoint's own words stay out: some repeat part of the key or of the prompt.
    message = f"it answered {status} {_phrase(status)}".rstrip()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RequestFailure("rate_limited", message, status, retry_after)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RequestFailure("server_error", message, status, retry_after)
    return RequestFailure("refused", message, status)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds from `retry-after-ms` or `Retry-After` (RFC 9110: seconds, or a date); None when absent or unreadable."""
    headers = error.response.headers
    for name, per_second in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name)
        if value and value.replace(".", "", 1).isdigit():
            return float(value) / per_second
    try:
        return max(0.0, email.utils.parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    except ValueError:
        return None
