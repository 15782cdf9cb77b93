"""Subtitles as players read them."""

from transcriber.subtitles import srt, vtt
from warren.contracts.transcriber import Segment

SEGMENTS = [Segment(start=0.0, end=1.5, text="Fish & <chips>"), Segment(start=3661.2344, end=3662.9996, text="Да.")]


def test_srt() -> None:
    assert srt(SEGMENTS) == (
        "1\n00:00:00,000 --> 00:00:01,500\nFish & <chips>\n\n2\n01:01:01,234 --> 01:01:03,000\nДа.\n"
    )


def test_vtt() -> None:
    assert vtt(SEGMENTS) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nFish &amp; &lt;chips&gt;\n\n01:01:01.234 --> 01:01:03.000\nДа.\n"
    )


def test_nothing_said_gives_files_without_cues() -> None:
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n"
