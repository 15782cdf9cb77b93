"""When bots are due."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from digest import schedule
from digest.errors import Refused

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("0 7 * * *", True),
        ("*/15 * * * *", True),
        ("0 7 * * 1", True),
        ("0 7 * * 0", False),
        ("1 7 * * *", False),
        ("0 8 * * *", False),
        ("0 7 1 * *", False),
        ("0 7 * 12 *", False),
    ],
)
def test_a_minute_is_due_when_every_field_names_it(expression: str, due: bool) -> None:
    assert schedule.due(expression, MONDAY) is due


def test_expressions_are_in_utc() -> None:
    assert schedule.due("0 7 * * *", MONDAY.astimezone(timezone(timedelta(hours=3))))


@pytest.mark.parametrize("expression", ["daily", "* * * *", "61 * * * *", "0 7 * * * *", "a b c d e"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(Refused) as refused:
        schedule.parse(expression)

    assert refused.value.code == "bot.invalid"
