"""What can go wrong, with what a program needs to know of it."""

from warren.errors import WarrenError


class UnreadableAudio(WarrenError):
    """Bytes that cannot be decoded. `code` is stable."""

    code = "audio.unreadable"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class EngineUnavailable(WarrenError):
    """The engine cannot listen now; the same audio may be recognised later."""


class EngineFailed(WarrenError):
    """The engine cannot recognise this audio, now or later."""
