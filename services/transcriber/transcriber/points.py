"""Where in a stream a decoder can begin again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """Byte `skip` of chunk `seq`, where sample `position` is. A container needs to be told its `format` (FFmpeg's name
    and options) and `header` there; at the beginning of a recording both are empty.
    """

    seq: int
    skip: int = 0
    position: int = 0
    format: str = ""
    options: tuple[tuple[str, str], ...] = ()
    header: bytes = b""
