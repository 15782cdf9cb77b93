"""The object store: uploads, prepared results, pictures. A directory on a laptop, S3 and its kin at scale (fsspec)."""

import asyncio
import posixpath
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import fsspec

from warren.errors import BlobNotFound

CHUNK_BYTES = 1 << 20
T = TypeVar("T")


class BlobStore:
    """Keys are slash-separated names made by Warren, never by a client. Calls run in threads: fsspec's API blocks."""

    def __init__(self, url: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(url, auto_mkdir=True)

    def _path(self, key: str) -> str:
        if key.startswith("/") or ".." in key.split("/"):
            raise ValueError(f"not a blob key: {key!r}")
        return posixpath.join(self._root, key)

    async def put(self, key: str, data: bytes | AsyncIterator[bytes]) -> int:
        """Store under `key`, replacing what was there; returns the size in bytes. A reader never sees half a blob."""
        path = self._path(key)
        part = f"{path}.{uuid.uuid4().hex}.part"
        size = 0
        file = await asyncio.to_thread(self._fs.open, part, "wb")
        try:
            async for chunk in _chunks(data):
                await asyncio.to_thread(file.write, chunk)
                size += len(chunk)
            await asyncio.to_thread(file.close)
            await asyncio.to_thread(self._fs.mv, part, path)
        except BaseException:
            await asyncio.to_thread(_discard, self._fs, file, part)
            raise
        return size

    async def get(self, key: str) -> bytes:
        """The whole blob. Raises `BlobNotFound`."""
        data: bytes = await self._found(key, self._fs.cat_file, self._path(key))
        return data

    async def part(self, key: str, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of the blob, as far as it has them. Raises `BlobNotFound`."""
        data: bytes = await self._found(key, self._fs.cat_file, self._path(key), start, stop)
        return data

    async def download(self, key: str, target: Path) -> None:
        """Copy the blob to a local file. Raises `BlobNotFound`."""
        await self._found(key, self._fs.get_file, self._path(key), str(target))

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The blob in pieces of at most `CHUNK_BYTES`. Raises `BlobNotFound`."""
        file = await self._found(key, self._fs.open, self._path(key), "rb")
        try:
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield chunk
        finally:
            await asyncio.to_thread(file.close)

    async def delete(self, key: str) -> None:
        """Remove one blob; one that is not there is fine."""
        await asyncio.to_thread(_remove, self._fs, self._path(key), False)

    async def delete_prefix(self, prefix: str) -> None:
        """Remove everything below `prefix/`."""
        await asyncio.to_thread(_remove, self._fs, self._path(prefix), True)

    async def _found(self, key: str, call: Callable[..., T], *args: Any) -> T:
        try:
            return await asyncio.to_thread(call, *args)
        except FileNotFoundError:
            raise BlobNotFound(key) from None


async def _chunks(data: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    async for chunk in data:
        yield chunk


def _remove(fs: Any, path: str, recursive: bool) -> None:
    if fs.exists(path):
        fs.rm(path, recursive=recursive)


def _discard(fs: Any, file: Any, part: str) -> None:
    file.close()
    _remove(fs, part, False)
