"""Cuts a file into parts at line ends, holding no more of it than one part."""

import asyncio
from dataclasses import dataclass

from analyzer.texts.lines import LONGEST, Format, last_end
from warren.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `stop`, of which the first is in line number `line`. `too_long`: one line that nobody reads."""

    start: int
    stop: int
    line: int
    lines: int
    too_long: bool = False


@dataclass(frozen=True)
class Cutter:
    """Of a blob of `size` bytes. `part_bytes`: about how large a part is."""

    blobs: BlobStore
    key: str
    size: int
    file: Format
    part_bytes: int

    async def cut(self, start: int, line: int) -> Part | None:
        """The part that begins there; None at the end. Raises `BlobNotFound`."""
        if start >= self.size:
            return None
        data = b""
        while len(data) <= LONGEST:
            data += await self._read(start + len(data))
            whole = start + len(data) >= self.size
            end = await asyncio.to_thread(last_end, self.file, data, whole=whole and len(data) <= LONGEST)
            if end:
                part = data[:end]
                return Part(start, start + end, line, part.count(b"\n") + (not part.endswith(b"\n")))
            if whole:
                break
        return await self._skip(start, line)

    async def _skip(self, start: int, line: int) -> Part:
        """One line, or record, however long it is; in a CSV one that is quoted right."""
        at, lines, quotes = start, 0, 0
        while at < self.size:
            data = await self._read(at)
            read = 0
            while end := data.find(b"\n", read) + 1:
                lines += 1
                quotes += data.count(b'"', read, end)
                read = end
                if self.file.kind == "ndjson" or quotes % 2 == 0:
                    return Part(start, at + end, line, lines, too_long=True)
            quotes += data.count(b'"', read)
            at += len(data)
        return Part(start, self.size, line, lines + 1, too_long=True)

    async def _read(self, at: int) -> bytes:
        return await self.blobs.part(self.key, at, min(self.size, at + self.part_bytes))
