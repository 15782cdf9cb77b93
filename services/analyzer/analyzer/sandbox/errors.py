"""Why no code is run here."""

from warren.errors import JobError


class SandboxUnavailable(JobError):
    """Nothing on this machine can hold generated code, so none is run; the message says why, and what to install."""

    def __init__(self, reason: str) -> None:
        super().__init__("sandbox.unavailable", reason)
        self.reason = reason
