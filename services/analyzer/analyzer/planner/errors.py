"""Why a question cannot be planned."""

from warren.errors import WarrenError


class CannotAnswer(WarrenError):
    """The table cannot answer the question: `message` says why, in its language, and names the `columns` there are."""

    def __init__(self, message: str, columns: tuple[str, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.columns = columns


class Unanswerable(Exception):
    """Inside the planner: the `reason` (a text of the language files) with what it is about."""

    def __init__(self, reason: str, **about: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.about = about
