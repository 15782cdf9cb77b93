"""Errors every service may raise, each carrying what a person and a program need."""

from typing import Any


class WarrenError(Exception):
    """Base of Warren's own errors."""


class JobError(WarrenError):
    """Ends the job as `failed`. `code` is stable (`<service or area>.<what>`), `message` is written for a person.

    `details` (JSON) goes to the client with them: the ledger of what was tried, for example.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool = False, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.details = details or {}


class TransientError(WarrenError):
    """Something outside failed for now: the job is tried again with back-off, up to its kind's `max_retries`.

    `retry_after` (seconds) overrides the back-off, for example from an HTTP `Retry-After`.
    """

    def __init__(self, code: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


class BlobNotFound(WarrenError):
    """No blob under this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no blob {key!r}")
        self.key = key


class QueryTimeout(WarrenError):
    """No answer to a query within its deadline."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(f"no answer to {name} within {seconds:g} s")
        self.name = name


class ServerUnavailable(WarrenError):
    """PostgreSQL or RabbitMQ is away for now: a job that meets this is tried again."""


class DatabaseUnavailable(ServerUnavailable):
    """PostgreSQL cannot be reached, or broke off; the same may succeed later."""


class BrokerUnavailable(ServerUnavailable):
    """RabbitMQ did not take the message (away, blocked, or no queue for it)."""
