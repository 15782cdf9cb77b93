"""Every encoding comes out as the same samples."""

import array
import asyncio
import math
import os

import pytest

from transcriber.errors import UnreadableAudio
from transcriber.formats import RawDecoder, decoded
from transcriber.listening import Listener, listening
from warren.contracts.transcriber import AudioFormat, Encoding

from ..speech import CONTAINERS, encoded, raw, samples

PCM = samples("young-man")
SECONDS = len(PCM) / 32_000


def likeness(one: bytes, other: bytes) -> float:
    """Correlation of the loudness of both in steps of 20 ms."""
    a, b = (_envelope(pcm) for pcm in (one, other))
    size = min(len(a), len(b))
    a, b = a[:size], b[:size]
    mean_a, mean_b = sum(a) / size, sum(b) / size
    top = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return top / math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))


def _envelope(pcm: bytes) -> list[float]:
    values = array.array("h", pcm[: len(pcm) // 2 * 2])
    return [float(sum(map(abs, values[at : at + 320]))) for at in range(0, len(values), 320)]


class Heard:
    """What a decoder tells."""

    def __init__(self) -> None:
        self.pcm = bytearray()
        self.consumed: list[tuple[int, int]] = []
        self.unreadable: list[str] = []
        self.listener = Listener(
            self.pcm.extend,
            lambda seq: self.consumed.append((seq, len(self.pcm) // 2)),
            lambda message, _seq: self.unreadable.append(message),
        )


async def listen(data: bytes, size: int, header: bytes = b"") -> tuple[Heard, bytes]:
    heard = Heard()
    decoder = listening(AudioFormat(encoding=Encoding.container), heard.listener, header)
    for seq, at in enumerate(range(0, len(data), size), 1):
        decoder.feed(seq, data[at : at + size])
    await decoder.finish()
    await asyncio.sleep(0)
    return heard, decoder.header


@pytest.mark.parametrize("step", [1, 333, 32_000], ids=lambda step: f"{step} bytes")
@pytest.mark.parametrize(
    ("codec", "encoding", "rate", "channels"),
    [
        ("pcm_s16le", Encoding.linear16, 16_000, 1),
        ("pcm_s16le", Encoding.linear16, 48_000, 2),
        ("pcm_f32le", Encoding.float32, 44_100, 1),
        ("pcm_mulaw", Encoding.mulaw, 8_000, 1),
        ("pcm_mulaw", Encoding.mulaw, 8_000, 2),
    ],
)
def test_raw_samples_of_any_rate(codec: str, encoding: Encoding, rate: int, channels: int, step: int) -> None:
    data = raw(PCM, codec, rate, {1: "mono", 2: "stereo"}[channels])
    decoder = RawDecoder(AudioFormat(encoding=encoding, sample_rate=rate, channels=channels))
    step = max(step, len(data) // 20_000)
    made = b"".join(decoder.feed(data[at : at + step]) for at in range(0, len(data), step)) + decoder.flush()

    assert len(made) / 32_000 == pytest.approx(SECONDS, abs=0.05)
    assert likeness(made, PCM) > 0.95


def test_half_a_sample_waits_for_its_other_half() -> None:
    decoder = RawDecoder(AudioFormat())

    assert [decoder.feed(b"a"), decoder.feed(b"bc"), decoder.feed(b"d")] == [b"", b"ab", b"cd"]


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("size", [640, 8_000], ids=lambda size: f"{size} bytes")
async def test_a_container_is_heard_as_it_comes(name: str, size: int) -> None:
    heard, _ = await listen(encoded(PCM, *CONTAINERS[name]), size)

    assert len(heard.pcm) / 32_000 == pytest.approx(SECONDS, abs=0.1)
    assert likeness(bytes(heard.pcm), PCM) > 0.95
    assert heard.unreadable == []
    assert heard.consumed[-1][1] == len(heard.pcm) // 2
    positions = [position for _, position in heard.consumed]
    assert positions == sorted(positions)


async def test_audio_comes_before_the_container_is_complete() -> None:
    data = encoded(PCM, *CONTAINERS["webm/opus"])
    heard = Heard()
    decoder = listening(AudioFormat(encoding=Encoding.container), heard.listener, b"")
    decoder.feed(1, data[: len(data) // 2])
    reached = asyncio.Event()
    decoder.after(reached.set)
    async with asyncio.timeout(20):
        await reached.wait()

    assert len(heard.pcm) > 0.3 * len(PCM)
    await decoder.finish()


async def test_with_the_header_of_an_earlier_decoder_a_stream_is_read_from_its_middle() -> None:
    data = encoded(samples("leisure"), "ogg", "libopus", 48_000, page_duration="20000")
    whole, header = await listen(data, 640)
    middle = len(data) // 2
    rest, _ = await listen(data[middle:], 640, header)

    assert 0 < len(header) < middle
    assert len(rest.pcm) == pytest.approx(len(whole.pcm) / 2, rel=0.2)
    assert likeness(bytes(rest.pcm), bytes(whole.pcm[-len(rest.pcm) :])) > 0.9


@pytest.mark.parametrize("data", [os.urandom(100_000), b"x", b"RIFF\0\0", b"\0" * 50_000], ids=len)
async def test_what_is_no_audio_is_said_to_be_unreadable(data: bytes) -> None:
    heard, _ = await listen(data, 4_000)

    assert heard.unreadable
    assert not heard.pcm


async def test_a_recording_that_breaks_off_is_heard_up_to_there() -> None:
    data = encoded(PCM, *CONTAINERS["wav"])
    heard, _ = await listen(data[: len(data) // 2 + 1], 4_000)

    assert len(heard.pcm) / 32_000 == pytest.approx(SECONDS / 2, abs=0.2)


def test_a_file_without_sound_is_refused(tmp_path: object) -> None:
    class Empty:
        def read(self, _size: int) -> bytes:
            return b""

    with pytest.raises(UnreadableAudio):
        list(decoded(Empty(), live=True))
