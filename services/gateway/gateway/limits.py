"""Requests per minute for each key, counted in this process: with N replicas a key may make up to N times as many."""

import math
import time
from collections import Counter
from collections.abc import Callable

from gateway.problems import Problem

WINDOW_SECONDS = 60


class RateLimits:
    """A sliding window: requests of the minute before count by the share of it that is not yet 60 s ago.

    Our own, because the library `limits` walks over every key it knows at each request.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._minute = 0
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()

    def hit(self, who: str, per_minute: int) -> dict[str, str]:
        """Count one request; returns the `RateLimit` headers for its answer. Raises a 429 `Problem` above the limit."""
        minute, second = divmod(self._clock(), WINDOW_SECONDS)
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else Counter()
            self._now, self._minute = Counter(), int(minute)
        left = WINDOW_SECONDS - second
        before, now = self._before[who], self._now[who]
        used = math.floor(before * left / WINDOW_SECONDS + now)
        if allowed := used < per_minute:
            self._now[who] += 1
            used += 1
        reset = math.floor(left) + 1
        headers = {
            "RateLimit-Policy": f'"default";q={per_minute};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={max(0, per_minute - used)};t={reset}',
        }
        if not allowed:
            raise Problem(
                429,
                "rate_limit.exceeded",
                f"More than {per_minute} requests in a minute. Wait {reset} s.",
                headers={**headers, "Retry-After": str(reset)},
            )
        return headers
