"""What a worker that takes over a container has to know beside its chunks; for raw samples the queue tells all."""

import base64

from transcriber.points import Point
from warren.blobs import BlobStore
from warren.contracts.base import Message
from warren.errors import BlobNotFound


class Checkpoint(Message):
    """All audio before sample `covered` is dealt with. The other fields are those of a `Point`."""

    covered: int = 0
    seq: int = 0
    """0 for a stream that begins."""
    skip: int = 0
    position: int = 0
    format: str = ""
    options: tuple[tuple[str, str], ...] = ()
    header: str = ""
    """In Base64."""

    @classmethod
    def of(cls, point: Point, covered: int) -> "Checkpoint":
        return cls(
            covered=covered,
            seq=point.seq,
            skip=point.skip,
            position=point.position,
            format=point.format,
            options=point.options,
            header=base64.b64encode(point.header).decode(),
        )

    @property
    def point(self) -> Point | None:
        """Where decoding begins, if not at the beginning."""
        if not self.seq:
            return None
        header = base64.b64decode(self.header)
        return Point(self.seq, self.skip, self.position, self.format, self.options, header)


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
