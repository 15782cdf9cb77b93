"""The object store, on a directory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from warren.blobs import CHUNK_BYTES, BlobStore
from warren.errors import BlobNotFound


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore((tmp_path / "blobs").as_uri())


async def test_what_is_stored_is_found_again(store: BlobStore) -> None:
    assert await store.put("files/a", b"data") == 4
    assert await store.get("files/a") == b"data"


async def test_a_stream_is_stored_and_read_in_pieces(store: BlobStore) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * CHUNK_BYTES

    assert await store.put("big", pieces()) == 3 * CHUNK_BYTES
    assert [len(piece) async for piece in store.stream("big")] == [CHUNK_BYTES] * 3


async def test_the_same_key_again_replaces_the_blob(store: BlobStore) -> None:
    await store.put("a", b"old")
    await store.put("a", b"new")

    assert await store.get("a") == b"new"


async def test_a_stream_that_breaks_off_leaves_nothing_and_keeps_the_old_blob(store: BlobStore, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the client is gone")

    await store.put("a", b"old")
    with pytest.raises(RuntimeError, match="gone"):
        await store.put("a", broken())

    assert await store.get("a") == b"old"
    assert [path.name for path in (tmp_path / "blobs").iterdir()] == ["a"]


async def test_a_blob_can_be_downloaded(store: BlobStore, tmp_path: Path) -> None:
    await store.put("a", b"data")
    await store.download("a", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == b"data"


async def test_a_blob_that_is_not_there_is_named(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(BlobNotFound, match="absent"):
        await store.get("absent")
    with pytest.raises(BlobNotFound, match="absent"):
        await store.download("absent", tmp_path / "copy")
    with pytest.raises(BlobNotFound, match="absent"):
        await anext(aiter(store.stream("absent")))


async def test_deleting_removes_one_blob_or_all_below_a_prefix(store: BlobStore) -> None:
    for key in ("jobs/1/a", "jobs/1/2/b", "jobs/10/a", "files/a"):
        await store.put(key, b"x")

    await store.delete("files/a")
    await store.delete_prefix("jobs/1")

    assert await store.get("jobs/10/a") == b"x"
    for key in ("jobs/1/a", "jobs/1/2/b", "files/a"):
        with pytest.raises(BlobNotFound):
            await store.get(key)


async def test_deleting_what_is_not_there_is_fine(store: BlobStore) -> None:
    await store.delete("absent")
    await store.delete_prefix("absent")


@pytest.mark.parametrize("key", ["/etc/passwd", "../secret", "files/../../secret"])
async def test_a_key_never_leads_out_of_the_store(store: BlobStore, key: str) -> None:
    with pytest.raises(ValueError, match="not a blob key"):
        await store.get(key)
