"""Cuts a file into parts at line ends, holding no more of it than one part."""

import asyncio
from dataclasses import dataclass

from analyzer.texts.lines import LONGEST, Format, last_end
from warren.blobs import BlobStore

PART_BYTES = 1 << 19
"""Some 400 songs: half a second of work."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `stop`, of which the first is in line number `line`. `too_long`: one line that nobody reads."""

    start: int
    stop: int
    line: int
    lines: int
    too_long: bool = False


async def cut(blobs: BlobStore, key: str, size: int, file: Format, start: int, line: int) -> Part | None:
    """The next part of the blob; None at its end. Raises `BlobNotFound`."""
    if start >= size:
        return None
    data = b""
    while len(data) <= LONGEST:
        stop = min(size, start + len(data) + PART_BYTES)
        data += await blobs.part(key, start + len(data), stop)
        whole = start + len(data) >= size
        end = await asyncio.to_thread(last_end, file, data, whole=whole and len(data) <= LONGEST)
        if end:
            part = data[:end]
            return Part(start, start + end, line, part.count(b"\n") + (not part.endswith(b"\n")))
        if whole:
            break
    return await _skip(blobs, key, size, file, start, line)


async def _skip(blobs: BlobStore, key: str, size: int, file: Format, start: int, line: int) -> Part:
    """One line, or record, however long it is; in a CSV one that is quoted right."""
    at, lines, quotes = start, 0, 0
    while at < size:
        data = await blobs.part(key, at, min(size, at + PART_BYTES))
        read = 0
        while end := data.find(b"\n", read) + 1:
            lines += 1
            quotes += data.count(b'"', read, end)
            read = end
            if file.kind == "ndjson" or quotes % 2 == 0:
                return Part(start, at + end, line, lines, too_long=True)
        quotes += data.count(b'"', read)
        at += len(data)
    return Part(start, size, line, lines + 1, too_long=True)
