"""What a recording looks like from outside. Whether it can be decoded is the transcriber's to say."""

_BEGINNINGS = (
    b"RIFF", b"RF64", b"FORM", b"caff", b".snd", b"#!AMR",  # wav, aiff, caf, au, amr
    b"\x1a\x45\xdf\xa3", b"OggS", b"fLaC", b"\x30\x26\xb2\x75",  # webm, ogg, flac, wma
    b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xe3", b"\xff\xf1", b"\xff\xf9",  # mp3, aac
)  # fmt: skip
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")
"""Of MP4 files (m4a), behind their length."""


def is_container(head: bytes) -> bool:
    """Whether these first bytes (8 or more) say what they are: wav, webm, ogg, mp3, flac, m4a and the like."""
    return head.startswith(_BEGINNINGS) or head[4:8] in _BOXES
