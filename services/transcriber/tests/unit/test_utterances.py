"""Where an utterance begins and ends."""

import itertools
import random
import struct

import pytest

from transcriber.engines.base import SAMPLE_RATE
from transcriber.utterances import Segmenter, Utterance

from ..speech import dialog, samples, silence


def cut(pcm: bytes, step: int = 3200, longest_seconds: float = 15.0) -> tuple[list[Utterance], Segmenter]:
    segmenter = Segmenter(0.5, longest_seconds)
    found = [utterance for at in range(0, len(pcm), step) for utterance in segmenter.feed(pcm[at : at + step])]
    if (last := segmenter.flush()) is not None:
        found.append(last)
    return found, segmenter


def noise(seconds: float, level: float) -> bytes:
    chance = random.Random(1)
    count = round(seconds * SAMPLE_RATE)
    return struct.pack(f"<{count}h", *(round(chance.gauss(0, level)) for _ in range(count)))


@pytest.mark.parametrize("step", [2, 640, 3200, 32_000], ids=lambda step: f"{step} bytes")
def test_utterances_do_not_depend_on_the_size_of_the_chunks(step: int) -> None:
    assert cut(dialog(), step)[0] == cut(dialog(), 640)[0]


def test_a_pause_ends_an_utterance_and_all_speech_is_in_one() -> None:
    found, segmenter = cut(dialog())
    first, second = samples("leisure"), samples("young-man")

    assert segmenter.heard == pytest.approx(len(dialog()) // 2, abs=320)
    assert len(found) >= 2
    assert found[0].start <= 1.3 * SAMPLE_RATE
    assert any(abs(u.covers / SAMPLE_RATE - (1 + len(first) / 32_000)) < 0.6 for u in found)
    assert found[-1].covers / SAMPLE_RATE >= 2 + (len(first) + len(second)) / 32_000 - 0.6
    assert sum(len(u.pcm) for u in found) < len(dialog())


def test_utterances_follow_each_other_without_overlap() -> None:
    found, _ = cut(dialog() + dialog())

    assert all(before.covers <= after.start for before, after in itertools.pairwise(found))
    assert all(u.covers - u.start == len(u.pcm) // 2 for u in found)


@pytest.mark.parametrize("pcm", [silence(60), noise(60, 60)], ids=["digital", "noise"])
def test_a_minute_of_silence_is_no_speech(pcm: bytes) -> None:
    found, segmenter = cut(pcm)

    assert found == []
    assert segmenter.position == pytest.approx(60 * SAMPLE_RATE, abs=320)


def test_speech_without_pause_is_cut_and_nothing_is_left_out() -> None:
    found, _ = cut(samples("leisure") * 4, longest_seconds=5.0)

    assert len(found) >= 5
    assert all(len(u.pcm) <= 5.0 * 32_000 for u in found)
    assert all(u.pcm for u in found)


def test_positions_go_on_where_an_earlier_worker_was() -> None:
    here, _ = cut(dialog())
    segmenter = Segmenter(0.5, 15.0, position=SAMPLE_RATE)
    later = [*segmenter.feed(dialog())]

    assert [u.start - SAMPLE_RATE for u in later] == [u.start for u in here[: len(later)]]


def test_flush_ends_what_is_being_said() -> None:
    segmenter = Segmenter(0.5, 15.0)
    assert not [*segmenter.feed(silence(0.5) + samples("young-man")[:64_000])]
    assert segmenter.speaking
    assert segmenter.open_pcm

    utterance = segmenter.flush()

    assert utterance is not None
    assert utterance.covers == segmenter.position == segmenter.heard
    assert not segmenter.speaking
    assert segmenter.flush() is None
