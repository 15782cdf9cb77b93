"""Identifiers sort by age and say what they name."""

import time
from datetime import UTC, datetime, timedelta

from warren.ids import first_id, new_id


def test_ids_have_a_prefix_and_differ() -> None:
    ids = {new_id("job") for _ in range(1000)}

    assert len(ids) == 1000
    assert all(one.startswith("job_") and len(one) == len("job_") + 32 for one in ids)


def test_later_ids_sort_behind_earlier_ones() -> None:
    earlier = new_id("job")
    time.sleep(0.002)

    assert earlier < new_id("job")


def test_the_first_id_of_a_moment_separates_older_from_newer() -> None:
    now = datetime.now(UTC)

    assert first_id("job", now - timedelta(seconds=1)) < new_id("job") < first_id("job", now + timedelta(seconds=60))
