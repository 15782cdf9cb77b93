"""Speech to test with, and its encodings."""

import array
import io
import math
from pathlib import Path
from typing import Any

import av

from transcriber.formats import decoded

DATA = Path(__file__).with_name("data")
RATE = 16_000
SENTENCES = ("leisure", "young-man")


def samples(name: str) -> bytes:
    """A sentence as 16-bit mono samples at 16 kHz."""
    return b"".join(decoded(DATA / f"{name}.flac"))


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * RATE) * 2)


def dialog() -> bytes:
    """Both sentences, with a second of silence around each."""
    pause = silence(1.0)
    return pause + pause.join(samples(name) for name in SENTENCES) + pause


def encoded(pcm: bytes, container: str, codec: str, rate: int = RATE, layout: str = "mono", **options: str) -> bytes:
    """The samples as a file of this kind."""
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options) as file:
        stream: Any = file.add_stream(codec, rate=rate)
        stream.layout = layout
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.planes[0].update(pcm)
        frame.sample_rate = RATE
        frame.pts = 0
        context = stream.codec_context
        resampler = av.AudioResampler(context.format.name, layout, rate, frame_size=context.frame_size or 1024)
        for given in (frame, None):
            for made in resampler.resample(given):
                file.mux(stream.encode(made))
        file.mux(stream.encode(None))
    return out.getvalue()


CONTAINERS = {
    "wav": ("wav", "pcm_s16le", RATE),
    "webm/opus": ("webm", "libopus", 48_000),
    "ogg/opus": ("ogg", "libopus", 48_000),
    "mp3": ("mp3", "libmp3lame", RATE),
    "flac": ("flac", "flac", RATE),
    "mulaw": ("wav", "pcm_mulaw", 8_000),
    "aac": ("adts", "aac", 48_000),
    "mp4/aac": ("mp4", "aac", 48_000),
}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"}
"""As browsers record mp4."""


def container(pcm: bytes, name: str) -> bytes:
    """The samples in this container, as somebody sends it live."""
    kind, codec, rate = CONTAINERS[name]
    return encoded(pcm, kind, codec, rate, "mono", **(FRAGMENTED if kind == "mp4" else {}))


def raw(pcm: bytes, codec: str, rate: int, layout: str = "mono") -> bytes:
    """The samples without any header."""
    name = {"pcm_s16le": "s16le", "pcm_f32le": "f32le", "pcm_mulaw": "mulaw"}[codec]
    return encoded(pcm, name, codec, rate, layout)


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
