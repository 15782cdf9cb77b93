"""Live containers: heard as they come, and readable again from any point that was told."""

import array
import asyncio
import os
import random
from collections.abc import Iterator

import pytest

from transcriber.container_listening import ContainerListening
from transcriber.listening import Listener
from transcriber.points import Point

from ..speech import CONTAINERS, container, likeness, samples, silence

PCM = samples("young-man")
LONG = samples("leisure")
SECONDS = len(PCM) / 32_000


class Heard:
    """What a decoder tells."""

    def __init__(self) -> None:
        self.pcm = bytearray()
        self.points: list[Point] = []
        self.unreadable: list[str] = []
        self.listener = Listener(
            self.pcm.extend, self.points.append, lambda message, _seq: self.unreadable.append(message)
        )


def chunks(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    return enumerate((data[at : at + size] for at in range(0, len(data), size)), 1)


async def listen(data: bytes, size: int, start: Point | None = None, covered: int = 0) -> Heard:
    """Everything, or only what a successor gets: chunks from the one where it starts."""
    heard = Heard()
    decoder = ContainerListening(heard.listener, start, covered)
    for seq, chunk in chunks(data, size):
        if start is None or seq >= start.seq:
            decoder.feed(seq, chunk)
    await decoder.finish()
    await asyncio.sleep(0)
    return heard


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("size", [640, 8_000], ids=lambda size: f"{size} bytes")
async def test_a_container_is_heard_as_it_comes(name: str, size: int) -> None:
    heard = await listen(container(PCM, name), size)

    assert len(heard.pcm) / 32_000 == pytest.approx(SECONDS, abs=0.1)
    assert likeness(bytes(heard.pcm), PCM) > 0.85  # this encoder of AAC is 21 ms late
    assert heard.unreadable == []


async def heard_of(data: bytes) -> int:
    """How many bytes of samples come of this much, while more may follow."""
    heard = Heard()
    decoder = ContainerListening(heard.listener)
    for seq, chunk in chunks(data, 320):
        decoder.feed(seq, chunk)
    reached = asyncio.Event()
    decoder.after(reached.set)
    async with asyncio.timeout(60):
        await reached.wait()
    count = len(heard.pcm)
    await decoder.finish()
    return count


async def test_audio_comes_before_the_container_is_complete() -> None:
    data = container(PCM, "webm/opus")

    assert await heard_of(data[: len(data) // 2]) > 0.3 * len(PCM)


async def test_a_wav_is_heard_as_soon_as_raw_samples() -> None:
    data = container(PCM, "wav")

    assert await heard_of(data[:9_600]) > 0.2 * 32_000


def difference(one: bytes, other: bytes) -> int:
    """Of any sample, at most, as far as both go."""
    size = min(len(one), len(other))
    a, b = array.array("h", one[:size]), array.array("h", other[:size])
    return max((abs(x - y) for x, y in zip(a, b, strict=True)), default=0)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("size", [640, 3_000], ids=lambda size: f"{size} bytes")
async def test_from_any_point_the_rest_is_heard_again_and_nothing_else(name: str, size: int) -> None:
    data = container(LONG, name)
    whole = await listen(data, size)
    assert len(whole.points) >= (2 if name == "webm/opus" else 4)

    for start in whole.points[:: max(1, len(whole.points) // 4)]:
        covered = start.position + 16_000
        rest = await listen(data, size, start, covered)
        expected = bytes(whole.pcm[covered * 2 :])
        assert len(rest.pcm) == pytest.approx(len(expected), abs=600)  # opus says what to leave out at its end
        if "aac" in name:
            # It replaces sound by noise, which every decoder makes up for itself.
            assert not expected or likeness(bytes(rest.pcm), expected) > 0.9
        else:
            assert difference(bytes(rest.pcm), expected) <= 16
        assert rest.unreadable == []


@pytest.mark.parametrize("name", ["webm/opus", "ogg/opus", "mp3", "aac", "flac"])
@pytest.mark.parametrize("size", [3_000, 20_000], ids=lambda size: f"{size} bytes of noise")
async def test_what_is_corrupt_is_told_and_what_follows_is_heard(name: str, size: int) -> None:
    data = container(LONG + silence(1) + LONG, name)
    clean = bytes((await listen(data, 1_000)).pcm)
    middle = len(data) // 6
    noise = random.Random(1).randbytes(size)
    heard = await listen(data[:middle] + noise + data[middle + min(size, 2_000) :], 1_000)

    assert heard.unreadable
    assert likeness(bytes(heard.pcm[-len(LONG) :]), clean[-len(LONG) :]) > 0.9


@pytest.mark.parametrize("share", [0.5, 1.0])
async def test_what_stays_corrupt_is_told_again_and_again(share: float) -> None:
    data = container(LONG, "webm/opus")
    heard = await listen(data[: round(len(data) * share)] + random.Random(1).randbytes(400_000), 4_000)

    assert len(heard.unreadable) > 3
    assert len(heard.pcm) <= share * len(LONG) + 1


@pytest.mark.parametrize("data", [os.urandom(100_000), b"x", b"RIFF\0\0", b"\0" * 50_000], ids=len)
async def test_what_is_no_audio_is_said_to_be_unreadable(data: bytes) -> None:
    heard = await listen(data, 4_000)

    assert heard.unreadable
    assert not heard.pcm


async def test_a_recording_that_breaks_off_is_heard_up_to_there() -> None:
    data = container(PCM, "wav")
    heard = await listen(data[: len(data) // 2 + 1], 4_000)

    assert len(heard.pcm) / 32_000 == pytest.approx(SECONDS / 2, abs=0.2)
