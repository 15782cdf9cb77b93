"""Requests per minute: a window that slides, counted per caller."""

import pytest

from gateway.limits import RateLimits
from gateway.problems import Problem


class Clock:
    """Seconds that only the test moves."""

    now = 600.0

    def __call__(self) -> float:
        return self.now


def hits(limits: RateLimits, count: int, who: str = "key") -> int:
    """How many of these are allowed."""
    allowed = 0
    for _ in range(count):
        try:
            limits.hit(who, 10)
        except Problem:
            continue
        allowed += 1
    return allowed


def test_a_caller_may_use_its_limit_and_no_more_and_others_have_theirs() -> None:
    limits = RateLimits(Clock())

    assert hits(limits, 12) == 10
    assert hits(limits, 3, "other") == 3


def test_the_minute_before_counts_for_as_long_as_it_is_less_than_a_minute_ago() -> None:
    clock = Clock()
    limits = RateLimits(clock)
    hits(limits, 10)

    clock.now += 60
    assert hits(limits, 10) == 0
    clock.now += 30
    assert hits(limits, 10) == 5
    clock.now += 90
    assert hits(limits, 20) == 10


def test_answers_say_what_is_left_and_when_to_come_back() -> None:
    clock = Clock()
    clock.now += 15
    limits = RateLimits(clock)

    assert limits.hit("key", 2)["RateLimit"] == '"default";r=1;t=46'
    assert limits.hit("key", 2) == {"RateLimit-Policy": '"default";q=2;w=60', "RateLimit": '"default";r=0;t=46'}
    with pytest.raises(Problem) as refused:
        limits.hit("key", 2)
    assert refused.value.status_code == 429
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "46"
    assert refused.value.headers["RateLimit"] == '"default";r=0;t=46'
