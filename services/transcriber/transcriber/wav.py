"""The header of a wav, so that live samples are heard at once: FFmpeg reads 64 kB to tell them from S/PDIF.

Chunk structure and format codes: "Multimedia Programming Interface and Data Specifications 1.0" (IBM, Microsoft 1991).
"""

import struct
from dataclasses import dataclass

CODECS = {(1, 8): "u8", (1, 16): "s16le", (1, 24): "s24le", (1, 32): "s32le"}
"""Format code and bits of a sample, with FFmpeg's name for such samples without a header."""
LONGEST_HEADER = 1 << 16
LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True)
class WavHeader:
    """What is behind its `size` bytes: samples of this FFmpeg format, with its options."""

    size: int
    format: str
    options: tuple[tuple[str, str], ...]


def looks_like_wav(data: bytes) -> bool:
    """Whether it is, or may become, the beginning of a wav."""
    return b"RIFF".startswith(data[:4]) and b"WAVE".startswith(data[8:12])


def wav_header(data: bytes) -> WavHeader | None:
    """The header at the beginning of `data`, if it is complete and of plain samples. What it says of its length is
    ignored: who sends live does not know it yet."""
    at, found = 12, None
    while len(data) >= at + 8:
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"data":
            return WavHeader(at, *found) if found else None
        if name == b"fmt " and len(data) >= at + 16:
            code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at)
            if (code, bits) not in CODECS or channels not in LAYOUTS or not rate:
                return None
            found = (CODECS[code, bits], (("sample_rate", str(rate)), ("ch_layout", LAYOUTS[channels])))
        at += size + size % 2
    return None
