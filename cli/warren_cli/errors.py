"""Exit codes, and the errors that end a command with one of them (docs/cli.md)."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    JOB_FAILED = 1
    USAGE = 2
    SERVER = 3
    INTERRUPTED = 130


class CommandError(Exception):
    """Ends the command: the message says what, where and what to do."""

    def __init__(self, message: str, code: Exit = Exit.SERVER) -> None:
        super().__init__(message)
        self.code = code


class Unavailable(CommandError):
    """The server is away, or overloaded, for now: the same request may work soon."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
