"""Slots of schedules, and how long retries wait."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from warren.worker.beat import slot_of
from warren.worker.runtime import RETRY_MAX_SECONDS, _backoff


@pytest.mark.parametrize(
    ("moment", "every", "slot"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 999_999, UTC), 60, "2026-01-02T03:04:00+00:00"),
        (datetime(2026, 1, 2, 3, 4, 0, 0, UTC), 60, "2026-01-02T03:04:00+00:00"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, UTC), 3600, "2026-01-02T03:00:00+00:00"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, timezone(timedelta(hours=5))), 60, "2026-01-01T22:04:00+00:00"),
    ],
)
def test_a_slot_is_the_start_of_its_period_in_utc(moment: datetime, every: int, slot: str) -> None:
    assert slot_of(moment, every) == slot


@pytest.mark.parametrize("retries", range(12))
def test_retries_wait_twice_as_long_each_time_up_to_a_limit(retries: int) -> None:
    ceiling = min(RETRY_MAX_SECONDS, 2.0 * 2**retries)
    waits = [_backoff(retries) for _ in range(200)]
    assert ceiling / 2 <= min(waits) <= max(waits) <= ceiling
    assert max(waits) - min(waits) > ceiling / 10, "they spread"
