"""Every encoding comes out as the same samples."""

import pytest

from transcriber.errors import UnreadableAudio
from transcriber.formats import RawDecoder, decoded
from warren.contracts.transcriber import AudioFormat, Encoding

from ..speech import likeness, raw, samples

PCM = samples("young-man")
SECONDS = len(PCM) / 32_000


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


def test_a_file_without_sound_is_refused(tmp_path: object) -> None:
    class Empty:
        def read(self, _size: int) -> bytes:
            return b""

    with pytest.raises(UnreadableAudio):
        list(decoded(Empty()))
