"""Why a file cannot be read as a table."""


class UnreadableFile(Exception):
    """The file holds no table that can be read.

    `code` is stable (`file.empty`, `file.binary`, …); `message` is a sentence for the person who sent the file: what
    is wrong, where, and what to do about it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
