"""Take an uploaded file: bounded while it streams, typed by its content, kept as a blob under a name of our own."""

import hashlib
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import bodies, sounds
from gateway.problems import Problem
from gateway.service import Gateway
from warren.blobs import BlobStore
from warren.contracts.files import UploadedFile
from warren.ids import new_id

CHUNK_BYTES = 1 << 20
MAX_FORM_FIELDS = 20
MAX_NAME_LENGTH = 200
TEXT_BYTES = 1 << 20
"""How long a body without a file may be, and what the other fields and the boundaries of a form may add to one."""

_NOT_TABLES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF-": "a PDF document",
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


class Stored:
    """An upload in the blob store, not yet known to the database."""

    def __init__(self, file: UploadedFile) -> None:
        self.file = file
        self.used = False
        """Set it once a row that names the file is committed."""


Check = Callable[[str, bytes], None]
"""Looks at a file's name and its first bytes. Raises 415 and 422 `Problem`s."""


def _check_filled(name: str, head: bytes) -> None:
    if not head:
        raise Problem(422, "file.empty", f"{name} is empty: it has no bytes.")


def check_table(name: str, head: bytes) -> None:
    _check_filled(name, head)
    for magic, what in _NOT_TABLES.items():
        if head.startswith(magic) and not _is_header_row(magic, head):
            raise Problem(415, "file.not_a_table", f"{name} is {what}. Send a CSV, Excel, Parquet or JSON lines file.")


def check_sound(name: str, head: bytes) -> None:
    _check_filled(name, head)
    if not sounds.is_container(head):
        raise Problem(415, "file.not_a_recording", f"{name} is no recording. Send wav, mp3, m4a, flac, ogg or webm.")


@asynccontextmanager
async def stored(
    upload: UploadFile | None, blobs: BlobStore, max_bytes: int, check: Check = check_table
) -> AsyncIterator[Stored | None]:
    """Store an upload, if there is one; delete it at the end of the block unless it was used.

    Raises 413, 415 and 422 `Problem`s.
    """
    if upload is None:
        yield None
        return
    name = clean_name(upload.filename or "")
    await upload.seek(0)
    check(name, await upload.read(16))
    await upload.seek(0)
    async with _until_used(await _keep(_read(upload), blobs, max_bytes, name), blobs) as kept:
        yield kept


@asynccontextmanager
async def streamed(request: Request, gateway: Gateway, name: str, max_bytes: int) -> AsyncIterator[Stored]:
    """The body as a file, stored while it comes in; deleted at the end of the block unless it was used.

    Raises 413 and 422 `Problem`s. Call it once the caller is known.
    """
    file = await _keep(_gathered(request), gateway.blobs, max_bytes, name)
    async with _until_used(file, gateway.blobs) as kept:
        if not file.size:
            _check_filled(name, b"")
        yield kept


@asynccontextmanager
async def _until_used(file: UploadedFile, blobs: BlobStore) -> AsyncIterator[Stored]:
    kept = Stored(file)
    try:
        yield kept
    finally:
        if not kept.used:
            await blobs.delete(file.blob)


@asynccontextmanager
async def form(
    request: Request, gateway: Gateway, check: Check = check_table
) -> AsyncIterator[tuple[dict[str, Any], Stored | None]]:
    """The filled-in text fields of a form, and its field `file`, stored. A field `name[]` is a list.

    Raises 400, 413, 415 and 422 `Problem`s.

    Call it once the caller is known: it reads the body.
    """
    async with request.form(max_files=1, max_fields=MAX_FORM_FIELDS) as sent:
        fields: dict[str, Any] = {
            name: [text for text in sent.getlist(name) if isinstance(text, str)] if name.endswith("[]") else value
            for name, value in sent.items()
            if isinstance(value, str) and value != ""
        }
        if "file" in fields:
            raise Problem(422, "request.invalid", "/file: send a file, not text.")
        upload = next((value for value in sent.values() if isinstance(value, UploadFile)), None)
        async with stored(upload, gateway.blobs, gateway.settings.max_upload_bytes, check) as kept:
            yield fields, kept


@asynccontextmanager
async def form_with_file(
    request: Request, gateway: Gateway, check: Check = check_table
) -> AsyncIterator[tuple[dict[str, Any], Stored]]:
    """Like `form`, for what needs a file. Raises a 415 `Problem` for another body, 422 for a form without one."""
    if not request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        raise Problem(415, "request.media_type", "Send multipart/form-data with a file.")
    async with form(request, gateway, check) as (fields, kept):
        if kept is None:
            raise Problem(422, "file.missing", "/file: send a file.")
        yield fields, kept


async def _keep(source: AsyncIterator[bytes], blobs: BlobStore, max_bytes: int, name: str) -> UploadedFile:
    """Raises a 413 `Problem`."""
    digest = hashlib.sha256()
    file_id = new_id("file")

    async def chunks() -> AsyncIterator[bytes]:
        size = 0
        async for chunk in source:
            size += len(chunk)
            if size > max_bytes:
                raise too_large(max_bytes)
            digest.update(chunk)
            yield chunk

    size = await blobs.put(f"files/{file_id}", chunks())
    return UploadedFile(file_id=file_id, blob=f"files/{file_id}", name=name, size=size, sha256=digest.hexdigest())


async def _read(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(CHUNK_BYTES):
        yield chunk


async def _gathered(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces worth storing: the network gives small ones."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) >= CHUNK_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _is_header_row(magic: bytes, head: bytes) -> bool:
    """Whether these are letters after all: a table whose first column is called MZ. Only PDF files begin as text."""
    return magic != b"%PDF-" and magic.isalnum() and min(head) >= ord("\t")


def clean_name(name: str) -> str:
    """A client's file name as a label: no path, no control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip()
    return shown[-MAX_NAME_LENGTH:] or "file"


def too_large(max_bytes: int) -> Problem:
    return Problem(413, "file.too_large", f"Files may have up to {max_bytes / 1024 / 1024:g} MB.")


class BodyLimit:
    """Stops a request's body at its limit while it streams in, whatever its Content-Length says.

    FastAPI's own limit answers in plain text; this one raises a `Problem` where the body is read.
    """

    def __init__(self, app: ASGIApp, max_file_bytes: int, streamed: Mapping[str, int]) -> None:
        """`streamed`: limits of paths whose body is a file that is never held here."""
        self._app = app
        self._max_file_bytes = max_file_bytes
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        has_file = headers.get("content-type", "").lower().startswith(("multipart/", *bodies.LINES))
        largest = self._streamed.get(scope["path"], self._max_file_bytes if has_file else 0)
        limit = TEXT_BYTES + largest
        declared = headers.get("content-length", "")
        size = 0

        async def limited() -> Message:
            nonlocal size
            if declared.isdecimal() and int(declared) > limit:
                raise _too_large(largest)
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise _too_large(largest)
            return message

        await self._app(scope, limited, send)


def _too_large(largest: int) -> Problem:
    if largest:
        return too_large(largest)
    return Problem(413, "body.too_large", f"A body without a file may have up to {TEXT_BYTES} bytes.")
