"""Files that services hand each other: what they are called, and where they lie in the blob store."""

from warren.contracts.base import Message


class UploadedFile(Message):
    """A file in the blob store. `name` is what the client called it: for people, never a path."""

    file_id: str
    blob: str
    name: str
    size: int
    sha256: str
