"""Limits on requests and tokens a minute and on money a day, for all workers of all services (docs/decisions/0007).

Every request is given the time at which it may be sent, the earliest that keeps every window within the limits, so who
has to wait sleeps once and comes in turn.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

import sqlalchemy as sa
import structlog

from warren.database import Database
from warren.errors import DatabaseUnavailable
from warren.llm.errors import LlmBudgetSpent, LlmUnavailable

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60.0
LATENESS_SECONDS = 0.5
"""A request that is not sent by then after its time takes a new one: it would meet those of the next window."""
MARGIN_SECONDS = 1.0
"""By so much the window is longer, for requests that leave late or are under way for long."""


@dataclass(frozen=True, slots=True)
class Rates:
    """None is no limit. `money_per_day` is counted in days of UTC; `window` is the minute, in seconds."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    money_per_day: float | None = None
    window: float = WINDOW_SECONDS

    def __bool__(self) -> bool:
        return any(
            limit is not None for limit in (self.requests_per_minute, self.tokens_per_minute, self.money_per_day)
        )

    def clamped(self, tokens: int) -> int:
        """What a request counts: one larger than the limit goes alone, rather than never."""
        return tokens if self.tokens_per_minute is None else min(tokens, self.tokens_per_minute)


@dataclass(frozen=True, slots=True)
class Turn:
    """A request may be sent `wait` seconds after this was returned; it was counted with `tokens` and `cost`."""

    wait: float
    tokens: int
    cost: float
    day: date
    id: int = 0


class Limits(Protocol):
    """Hands out turns for one provider."""

    async def reserve(self, tokens: int, cost: float, patience: float) -> Turn:
        """The next turn, not more than `patience` seconds from now. `tokens` and `cost` are the most it may take.

        Raises `LlmBudgetSpent`, or `LlmUnavailable` (outcome `limited`) when the turn would come too late.
        """

    async def settle(self, turn: Turn, tokens: int, cost: float) -> None:
        """Replace the estimate by what the request really took. Never raises."""

    async def give_back(self, turn: Turn) -> None:
        """Nothing was sent: as if the turn had not been taken. Never raises."""


async def take_turn(limits: Limits, tokens: int, cost: float, patience: float) -> Turn:
    """Wait for a turn, and return when the request has to be sent. Raises as `Limits.reserve`."""
    clock = asyncio.get_running_loop().time
    until = clock() + patience
    while True:
        asked = clock()
        turn = await limits.reserve(tokens, cost, until - asked)
        if turn.wait > 0:
            await asyncio.sleep(turn.wait)
        if clock() - asked - turn.wait <= LATENESS_SECONDS:
            return turn
        log.info("llm_turn_missed", late_seconds=round(clock() - asked - turn.wait, 3))
        await limits.give_back(turn)


def _too_late(provider: str, wait: float) -> LlmUnavailable:
    message = f"the limit of requests to {provider} is reached for {math.ceil(wait)} s"
    return LlmUnavailable(provider, message, outcome="limited", retry_after=wait)


@dataclass(slots=True)
class _Entry:
    id: int
    at: float
    tokens: int


class ProcessLimits:
    """Limits for this process alone, where no database is configured."""

    def __init__(self, provider: str, rates: Rates) -> None:
        self._provider = provider
        self._rates = rates
        self._window = rates.window + MARGIN_SECONDS
        self._log: deque[_Entry] = deque()
        self._count = 0
        self._day = _today()
        self._spent = 0.0

    async def reserve(self, tokens: int, cost: float, patience: float) -> Turn:
        now = asyncio.get_running_loop().time()
        tokens = self._rates.clamped(tokens)
        if self._day != _today():
            self._day, self._spent = _today(), 0.0
        if (budget := self._rates.money_per_day) is not None and _exceeds(self._spent, cost, budget):
            raise LlmBudgetSpent(self._provider, budget)
        while self._log and self._log[0].at < now - self._window:
            self._log.popleft()
        due = max(now, self._earliest(tokens))
        if due - now > patience:
            raise _too_late(self._provider, due - now)
        self._count += 1
        self._log.append(_Entry(self._count, due, tokens))
        self._spent += cost
        return Turn(due - now, tokens, cost, self._day, self._count)

    async def settle(self, turn: Turn, tokens: int, cost: float) -> None:
        if turn.day == self._day:
            self._spent += cost - turn.cost
        for entry in self._log:
            if entry.id == turn.id:
                entry.tokens = tokens

    async def give_back(self, turn: Turn) -> None:
        await self.settle(turn, 0, 0.0)
        self._log = deque(entry for entry in self._log if entry.id != turn.id)

    def _earliest(self, tokens: int) -> float:
        due, used = (self._log[-1].at if self._log else -math.inf), 0
        requests, limit = self._rates.requests_per_minute, self._rates.tokens_per_minute
        for place, entry in enumerate(reversed(self._log), 1):
            used += entry.tokens
            if place == requests or (limit is not None and used > limit - tokens):
                return max(due, entry.at + self._window)
        return due


class SharedLimits:
    """Limits for every process that uses the same database. Closed when it is away: no request goes uncounted."""

    def __init__(self, provider: str, rates: Rates, database: Database) -> None:
        self._provider = provider
        self._rates = rates
        self._database = database

    async def reserve(self, tokens: int, cost: float, patience: float) -> Turn:
        tokens = self._rates.clamped(tokens)
        values = {
            "provider": self._provider,
            "requests": self._rates.requests_per_minute,
            "token_limit": self._rates.tokens_per_minute,
            "budget": self._rates.money_per_day,
            "window": self._rates.window + MARGIN_SECONDS,
            "tokens": tokens,
            "cost": cost,
            "patience": patience,
        }
        try:
            async with self._database.transaction() as connection:
                # Apart from the statement that counts: that one has to see what the holder of the lock before has done.
                await connection.execute(_LOCK)
                row = (await connection.execute(_RESERVE, values)).one()
        except (DatabaseUnavailable, sa.exc.ProgrammingError) as error:
            log.error("llm_limits_unknown", error=str(error), hint="`warren migrate` makes the tables")
            message = f"the limits of {self._provider} cannot be looked up in PostgreSQL"
            raise LlmUnavailable(self._provider, message, outcome="limited") from error
        if row.id is None:
            if self._rates.money_per_day is not None and row.over_budget:
                raise LlmBudgetSpent(self._provider, self._rates.money_per_day)
            raise _too_late(self._provider, row.wait)
        return Turn(row.wait, tokens, cost, row.day, row.id)

    async def settle(self, turn: Turn, tokens: int, cost: float) -> None:
        await self._settle(_SETTLE, turn, tokens, cost)

    async def give_back(self, turn: Turn) -> None:
        await self._settle(_GIVE_BACK, turn, 0, 0.0)

    async def _settle(self, statement: sa.TextClause, turn: Turn, tokens: int, cost: float) -> None:
        values = {
            "id": turn.id,
            "tokens": tokens,
            "day": turn.day,
            "provider": self._provider,
            "cost": cost - turn.cost,
        }
        try:
            async with self._database.transaction() as connection:
                await connection.execute(statement, values)
        except DatabaseUnavailable as error:
            # The estimate stays, which is the most it can have been.
            log.warning("llm_spending_not_settled", error=str(error))


def _today() -> date:
    return datetime.now(UTC).date()


def _exceeds(spent: float, cost: float, budget: float) -> bool:
    """Where prices are unknown, `cost` is 0: then the first request after the budget is spent is refused."""
    return spent + cost > budget or spent >= budget


_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtext('warren.llm.limits'))")

# `place` counts from the newest request, `used` adds up tokens from there. NULL limits compare as unknown: no limit.
_RESERVE = sa.text("""
WITH clock AS (
    SELECT clock_timestamp() AS now, (clock_timestamp() AT TIME ZONE 'UTC')::date AS day
), forgotten AS (
    DELETE FROM llm.requests USING clock WHERE at < now - make_interval(secs => 2 * :window)
), recent AS (
    SELECT at,
           row_number() OVER newest AS place,
           sum(tokens) OVER newest AS used
    FROM llm.requests, clock
    WHERE provider = :provider AND at > now - make_interval(secs => :window)
    WINDOW newest AS (ORDER BY at DESC, id DESC ROWS UNBOUNDED PRECEDING)
), due AS (
    SELECT greatest(
        (SELECT now FROM clock),
        max(at),
        max(at) FILTER (WHERE place >= CAST(:requests AS bigint)) + make_interval(secs => :window),
        max(at) FILTER (WHERE used > CAST(:token_limit AS bigint) - :tokens) + make_interval(secs => :window)
    ) AS at
    FROM recent
), spent AS (
    SELECT coalesce(sum(cost), 0) AS cost FROM llm.spending, clock WHERE spending.day = clock.day
), verdict AS (
    SELECT coalesce(spent.cost + :cost > CAST(:budget AS float8) OR spent.cost >= CAST(:budget AS float8), false)
           AS over_budget
    FROM spent
), granted AS (
    INSERT INTO llm.requests (provider, at, tokens)
    SELECT :provider, due.at, :tokens
    FROM due, clock, verdict
    WHERE NOT over_budget AND due.at <= clock.now + make_interval(secs => :patience)
    RETURNING id
), counted AS (
    INSERT INTO llm.spending AS spending (day, provider, requests, tokens, cost)
    SELECT clock.day, :provider, 1, 0, :cost FROM granted, clock
    ON CONFLICT (day, provider) DO UPDATE
    SET requests = spending.requests + 1, cost = spending.cost + excluded.cost
)
SELECT granted.id, clock.day, verdict.over_budget, extract(epoch FROM due.at - clock_timestamp())::float8 AS wait
FROM clock CROSS JOIN due CROSS JOIN verdict LEFT JOIN granted ON true
""").bindparams(
    sa.bindparam("provider", type_=sa.Text),
    sa.bindparam("requests", type_=sa.BigInteger),
    sa.bindparam("token_limit", type_=sa.BigInteger),
    sa.bindparam("budget", type_=sa.Double),
    sa.bindparam("window", type_=sa.Double),
    sa.bindparam("tokens", type_=sa.Integer),
    sa.bindparam("cost", type_=sa.Double),
    sa.bindparam("patience", type_=sa.Double),
)

_SETTLE = sa.text("""
WITH counted AS (UPDATE llm.requests SET tokens = :tokens WHERE id = :id)
UPDATE llm.spending SET tokens = tokens + :tokens, cost = cost + :cost WHERE day = :day AND provider = :provider
""").bindparams(sa.bindparam("tokens", type_=sa.Integer), sa.bindparam("cost", type_=sa.Double))

_GIVE_BACK = sa.text("""
WITH counted AS (DELETE FROM llm.requests WHERE id = :id)
UPDATE llm.spending SET requests = requests - 1, tokens = tokens + :tokens, cost = cost + :cost
WHERE day = :day AND provider = :provider
""").bindparams(sa.bindparam("tokens", type_=sa.Integer), sa.bindparam("cost", type_=sa.Double))
