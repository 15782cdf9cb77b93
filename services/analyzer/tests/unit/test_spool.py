"""The store of frames: what it keeps, what it drops, and what happens when several want the same."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.frames import FrameProfile, PreparedFrame, ReadReport
from analyzer.spool import Spool


class Reader:
    """Writes a frame of a given size, and counts how often it was asked."""

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.reads = 0
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, folder: Path) -> PreparedFrame:
        self.reads += 1
        await self.go.wait()
        path = folder / "frame"
        path.write_bytes(b"x" * self.size)
        return PreparedFrame(
            path=path, report=ReadReport(format="csv", rows=1, columns=0), profile=FrameProfile(rows=1, columns=())
        )


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path, max_bytes=25) as spool:
        yield spool


async def test_a_second_question_does_not_read_again(spool: Spool) -> None:
    reader = Reader()
    for _ in range(2):
        async with spool.lease("a", reader) as frame:
            assert frame.path.read_bytes() == b"x" * 10
    assert reader.reads == 1


async def test_the_least_recently_used_frame_goes_first(spool: Spool) -> None:
    readers = {key: Reader() for key in "abc"}
    for key in "abac":
        async with spool.lease(key, readers[key]):
            pass
    for key in "ab":
        async with spool.lease(key, readers[key]):
            pass
    assert {key: reader.reads for key, reader in readers.items()} == {"a": 1, "b": 2, "c": 1}


async def test_a_frame_in_use_is_kept_above_the_bound(spool: Spool) -> None:
    async with spool.lease("big", Reader(100)) as frame:
        async with spool.lease("other", Reader()):
            pass
        assert frame.path.exists()
    assert not frame.path.exists()


async def test_questions_at_the_same_time_read_a_file_once(spool: Spool) -> None:
    reader = Reader()
    reader.go.clear()

    async def use() -> None:
        async with spool.lease("a", reader) as frame:
            assert frame.path.exists()

    users = [asyncio.create_task(use()) for _ in range(5)]
    await asyncio.sleep(0)
    reader.go.set()
    await asyncio.gather(*users)
    assert reader.reads == 1


async def test_a_failed_reading_leaves_nothing_behind(spool: Spool) -> None:
    folders: list[Path] = []

    async def fail(folder: Path) -> PreparedFrame:
        folders.append(folder)
        (folder / "half").write_bytes(b"x")
        raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        async with spool.lease("a", fail):
            pass
    assert not folders[0].exists()
    async with spool.lease("a", Reader()) as frame:
        assert frame.path.exists()


async def test_a_cancelled_reading_is_done_again_by_the_one_who_waits(spool: Spool) -> None:
    stuck, reader = Reader(), Reader()
    stuck.go.clear()

    async def use(prepare: Reader) -> None:
        async with spool.lease("a", prepare):
            pass

    first = asyncio.create_task(use(stuck))
    await asyncio.sleep(0)
    second = asyncio.create_task(use(reader))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first, second])
    assert first.cancelled()
    assert (stuck.reads, reader.reads) == (1, 1)


def test_the_folder_of_a_dead_worker_is_swept_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    dead = tmp_path / "worker-dead"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "frame").write_bytes(b"x")
    with Spool(tmp_path, 10):
        living = set(tmp_path.glob("worker-*"))
        with Spool(tmp_path, 10):
            assert living < set(tmp_path.glob("worker-*"))
    assert not list(tmp_path.glob("worker-*"))
