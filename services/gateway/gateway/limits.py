"""Requests per minute for each key, counted in this process: with N replicas a key may make up to N times as many."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from gateway.problems import Problem


class RateLimits:
    """Sliding-window counters of the `limits` library; its asynchronous ones, as the others start threads to expire."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit(self, who: str, per_minute: int) -> dict[str, str]:
        """Count one request; returns the `RateLimit` headers for its answer. Raises a 429 `Problem` above the limit."""
        limit = RateLimitItemPerMinute(per_minute)
        allowed = await self._limiter.hit(limit, who)
        window = await self._limiter.get_window_stats(limit, who)
        reset = max(1, math.ceil(window.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"default";q={per_minute};w=60',
            "RateLimit": f'"default";r={max(0, window.remaining)};t={reset}',
        }
        if not allowed:
            raise Problem(
                429,
                "rate_limit.exceeded",
                f"More than {per_minute} requests in a minute. Wait {reset} s.",
                headers={**headers, "Retry-After": str(reset)},
            )
        return headers
