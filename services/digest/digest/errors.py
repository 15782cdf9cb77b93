"""How the digest service says no: the same to who asks a query and to who waits for a job."""

from warren.errors import JobError, WarrenError
from warren.queries import QueryRefused


class Refused(QueryRefused, JobError):
    """Refuses a query, or fails a job, with a stable `code` and a `message` for a person."""

    def __init__(self, code: str, message: str) -> None:
        WarrenError.__init__(self, message)
        self.code = code
        self.message = message
        self.retryable = False
        self.details = {}
