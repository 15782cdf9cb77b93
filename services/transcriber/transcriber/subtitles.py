"""Subtitles: SubRip (SRT) and WebVTT. Formats: docs.fileformat.com/video/srt, w3.org/TR/webvtt1."""

from collections.abc import Iterable

from warren.contracts.transcriber import Segment


def srt(segments: Iterable[Segment]) -> str:
    """Numbered cues with a comma before the milliseconds."""
    return "\n".join(
        f"{n}\n{_time(segment.start, ',')} --> {_time(segment.end, ',')}\n{segment.text}\n"
        for n, segment in enumerate(segments, 1)
    )


def vtt(segments: Iterable[Segment]) -> str:
    """A WebVTT file; characters that it gives a meaning are escaped."""
    cues = (
        f"{_time(segment.start, '.')} --> {_time(segment.end, '.')}\n{_escaped(segment.text)}\n" for segment in segments
    )
    return "\n".join(["WEBVTT\n", *cues])


def _time(seconds: float, mark: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{mark}{milliseconds:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
