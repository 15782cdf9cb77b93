"""A client with the care that its settings ask for."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from warren import database
from warren.llm.cache import AnswerCache
from warren.llm.care import Care, Prices
from warren.llm.client import LlmClient
from warren.llm.limits import WINDOW_SECONDS, Limits, ProcessLimits, Rates, SharedLimits
from warren.llm.settings import LlmSettings

POOL_SIZE = 4
"""Connections of a process to PostgreSQL for this: each is needed for milliseconds around requests of seconds."""

log = structlog.get_logger(__name__)


@asynccontextmanager
async def connect(settings: LlmSettings, *, window: float = WINDOW_SECONDS) -> AsyncIterator[LlmClient]:
    """A client whose limits and memory are shared by all processes with the same `WARREN_DATABASE_URL`.

    Without that setting the limits hold for this process alone, and nothing is remembered. `window` is how many seconds
    the limits call a minute.
    """
    rates = Rates(
        settings.llm_requests_per_minute,
        settings.llm_tokens_per_minute,
        settings.llm_money_per_day,
        window,
    )
    provider = settings.llm_provider
    limits: Limits | None = None
    cache: AnswerCache | None = None
    async with AsyncExitStack() as stack:
        if "database_url" in settings.model_fields_set and (rates or settings.llm_cache_seconds):
            url = settings.database_url.get_secret_value()
            store = await stack.enter_async_context(database.connect(url, "warren-llm", pool_size=POOL_SIZE))
            limits = SharedLimits(provider, rates, store) if rates else None
            cache = AnswerCache(store, settings.llm_cache_seconds) if settings.llm_cache_seconds else None
        elif rates:
            log.warning("llm_limits_per_process", reason="WARREN_DATABASE_URL is not set")
            limits = ProcessLimits(provider, rates)
        prices = Prices(settings.llm_price_prompt, settings.llm_price_completion)
        care = Care(provider, limits=limits, cache=cache, prices=prices)
        yield await stack.enter_async_context(LlmClient(settings, care=care))
