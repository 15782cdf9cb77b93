"""Which chunks may be acknowledged."""

import pytest

from transcriber.ledger import Ledger


@pytest.fixture
def raw() -> Ledger[str]:
    ledger: Ledger[str] = Ledger(exact=True)
    for seq in range(1, 5):
        ledger.add(seq, f"m{seq}")
        ledger.consumed(seq, seq * 100)
    return ledger


def test_all_but_the_last_covered_chunk_is_acknowledged(raw: Ledger[str]) -> None:
    assert raw.settle(300) == "m2"
    assert raw.anchor == (3, 300)
    assert raw.settle(300) is None
    assert raw.settle(400) == "m3"


def test_a_chunk_that_is_covered_in_part_is_kept(raw: Ledger[str]) -> None:
    assert raw.settle(99) is None
    assert raw.settle(100) is None
    assert raw.settle(299) == "m1"


def test_in_the_end_all_are_acknowledged(raw: Ledger[str]) -> None:
    raw.settle(400)

    assert raw.last() == "m4"
    assert Ledger[str](exact=True).last() is None


def test_a_chunk_of_a_container_is_covered_with_what_is_heard_after_it() -> None:
    ledger: Ledger[str] = Ledger(exact=False)
    for seq in (1, 2, 3):
        ledger.add(seq, f"m{seq}")
    ledger.consumed(1, 0)
    ledger.consumed(2, 0)
    assert ledger.settle(1000) is None

    ledger.consumed(3, 500)
    assert ledger.settle(499) is None
    assert ledger.settle(500) == "m1"
    assert ledger.anchor == (2, 500)
