"""Which chunks may be acknowledged."""

import pytest

from transcriber.ledger import Ledger
from transcriber.points import Point


def ledger(*points: Point, lead: int = 0) -> Ledger[str]:
    """Of four chunks."""
    made: Ledger[str] = Ledger(lead)
    for seq in range(1, 5):
        made.add(seq, f"m{seq}")
    for point in points:
        made.point(point)
    return made


@pytest.fixture
def raw() -> Ledger[str]:
    return ledger(*(Point(seq, position=(seq - 1) * 100) for seq in range(1, 5)))


def test_chunks_before_the_one_that_is_not_dealt_with_are_acknowledged(raw: Ledger[str]) -> None:
    assert raw.settle(99) is None
    assert raw.settle(100) == "m1"
    assert raw.settle(299) == "m2"
    assert raw.settle(299) is None


def test_the_last_chunk_stays_to_tell_where_the_stream_is(raw: Ledger[str]) -> None:
    assert raw.settle(400) == "m3"
    assert raw.anchor == Point(4, position=300)
    assert len(raw) == 1


def test_in_the_end_all_are_acknowledged(raw: Ledger[str]) -> None:
    raw.settle(400)

    assert raw.last() == "m4"
    assert Ledger[str]().last() is None


def test_without_a_point_nothing_is_acknowledged() -> None:
    assert ledger().settle(1000) is None


def test_decoding_begins_some_samples_before_what_is_not_dealt_with() -> None:
    points = (Point(1), Point(2, 7, 150), Point(4, 3, 300))
    mine = ledger(*points, lead=100)

    assert mine.settle(249) is None
    assert mine.settle(250) == "m1"
    assert mine.anchor == points[1]
    assert mine.settle(400) == "m3"
