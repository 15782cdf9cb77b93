"""What a worker that takes over a container has to know beside its chunks; for raw samples the queue tells all."""

import base64

from warren.blobs import BlobStore
from warren.contracts.base import Message
from warren.errors import BlobNotFound


class Checkpoint(Message):
    """The container's header, and where chunk `seq` ends, in samples. Chunks up to `seq` are dealt with."""

    seq: int = 0
    position: int = 0
    header: str = ""
    """In Base64."""

    @classmethod
    def of(cls, anchor: tuple[int, int], header: bytes) -> "Checkpoint":
        return cls(seq=anchor[0], position=anchor[1], header=base64.b64encode(header).decode())

    @property
    def header_bytes(self) -> bytes:
        return base64.b64decode(self.header)


class Checkpoints:
    """Of one stream, kept in the blob store beside the job's files."""

    def __init__(self, blobs: BlobStore, job_id: str) -> None:
        self._blobs = blobs
        self._key = f"jobs/{job_id}/checkpoint.json"

    async def load(self) -> Checkpoint:
        """The last one; an empty one for a stream that begins."""
        try:
            return Checkpoint.model_validate_json(await self._blobs.get(self._key))
        except BlobNotFound:
            return Checkpoint()

    async def save(self, checkpoint: Checkpoint) -> None:
        await self._blobs.put(self._key, checkpoint.model_dump_json().encode())

    async def delete(self) -> None:
        await self._blobs.delete(self._key)
