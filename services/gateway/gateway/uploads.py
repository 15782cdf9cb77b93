"""Take an uploaded file: bounded while it streams, typed by its content, kept as a blob under a name of our own."""

import hashlib
import unicodedata
from collections.abc import AsyncIterator

from starlette.datastructures import UploadFile

from gateway.problems import Problem
from warren.blobs import BlobStore
from warren.contracts.analyzer import UploadedFile
from warren.ids import new_id

CHUNK_BYTES = 1 << 20
MAX_NAME_LENGTH = 200
FORM_ALLOWANCE_BYTES = 1 << 20
"""What the other fields and the boundaries of a form may add to a file."""

_NOT_TABLES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"ID3": "an MP3 recording",
    b"RIFF": "a recording or a film",
    b"OggS": "a recording",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
}
"""First bytes of what people drop by mistake. Everything else is the analyzer's to read or to refuse."""


async def keep(upload: UploadFile, blobs: BlobStore, max_bytes: int) -> UploadedFile:
    """Store an upload and describe it. Raises 413, 415 and 422 `Problem`s."""
    await upload.seek(0)
    head = await upload.read(16)
    name = clean_name(upload.filename or "")
    if not head:
        raise Problem(422, "file.empty", f"{name} is empty: it has no bytes.")
    for magic, what in _NOT_TABLES.items():
        if head.startswith(magic):
            raise Problem(415, "file.not_a_table", f"{name} is {what}. Send a CSV, Excel, Parquet or JSON lines file.")
    await upload.seek(0)
    digest = hashlib.sha256()
    file_id = new_id("file")

    async def chunks() -> AsyncIterator[bytes]:
        size = 0
        while chunk := await upload.read(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise too_large(max_bytes)
            digest.update(chunk)
            yield chunk

    size = await blobs.put(f"files/{file_id}", chunks())
    return UploadedFile(file_id=file_id, blob=f"files/{file_id}", name=name, size=size, sha256=digest.hexdigest())


def clean_name(name: str) -> str:
    """A client's file name as a label: no path, no control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip()
    return shown[-MAX_NAME_LENGTH:] or "file"


def too_large(max_bytes: int) -> Problem:
    return Problem(413, "file.too_large", f"Files may have up to {max_bytes / 1024 / 1024:g} MB.")
